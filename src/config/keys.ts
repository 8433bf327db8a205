/** The schema as a list of keys: for the reference, for `--set` and the environment, and for messages. */
import { z } from 'zod';
import { type KeyMeta, keyMeta } from './values.ts';

export interface ConfigKey extends KeyMeta {
  readonly path: readonly string[];
  readonly about: string;
  /** As it would stand in the file. */
  readonly preset: unknown;
}

export interface Section {
  readonly name: string;
  readonly about: string;
}

export function keysOf(schema: z.ZodObject, above: readonly string[] = []): ConfigKey[] {
  return Object.entries(schema.shape).flatMap(([name, wrapped]) => {
    const path = [...above, name];
    const { inner, preset } = unwrap(wrapped);
    if (inner instanceof z.ZodObject) return keysOf(inner, path);
    const meta = keyMeta.get(inner);
    if (meta === undefined) throw new TypeError(`the configuration key ${path.join('.')} does not say what it expects`);
    return [{ ...meta, path, about: z.globalRegistry.get(wrapped as z.ZodType)?.description ?? '', preset }];
  });
}

export function sectionsOf(schema: z.ZodObject): Section[] {
  return Object.entries(schema.shape).flatMap(([name, wrapped]) =>
    unwrap(wrapped).inner instanceof z.ZodObject
      ? [{ name, about: z.globalRegistry.get(wrapped as z.ZodType)?.description ?? '' }]
      : [],
  );
}

/** `PABAL_LISTEN_SMTP` for listen.smtp. */
export function environmentName(path: readonly string[]): string {
  return `PABAL_${path.join('_').toUpperCase()}`;
}

function unwrap(schema: unknown): { inner: z.ZodType; preset: unknown } {
  if (schema instanceof z.ZodPrefault)
    return { inner: schema.def.innerType as z.ZodType, preset: schema.def.defaultValue };
  return { inner: schema as z.ZodType, preset: undefined };
}
