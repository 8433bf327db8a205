/** The REST API, typed by the very schemas of the service. */
import type { z } from 'zod';
import type * as schemas from '../../src/protocols/http/schemas.ts';

/** As it comes from the service: nobody changes it in place. */
export type Shape<S extends z.ZodType> = Frozen<z.output<S>>;
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

export type Folder = z.output<typeof schemas.folder>;
export type Summary = z.output<typeof schemas.messageSummary>;
export type Message = z.output<typeof schemas.message>;
export type Address = z.output<typeof schemas.address>;
export type Attachment = z.output<typeof schemas.attachment>;

/** What went wrong: a code of the API's problems, or `offline` when there was no answer. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, detail: string) {
    super(detail);
    this.code = code;
    this.status = status;
  }
}

/** Told when the session has ended; whoever waits for an answer gets the error as well. */
export const session = { ended: (): void => undefined };

/** The service takes the cookie only together with this (no other site can send it). */
export const OWN_PAGE = { 'x-pabal-csrf': '1' } as const;

export interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** The same key: done once, however often it is asked for. */
  readonly key?: string;
  /** Goes on although the page is being left. */
  readonly keepalive?: boolean;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const { body, signal, key, keepalive } = options;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...OWN_PAGE,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
      ...(keepalive && { keepalive }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('offline', 0, '');
  }
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await response.json()) as T;
  throw problemOf(response.status, await response.text());
}

export function problemOf(status: number, text: string): ApiError {
  let problem: { code?: string; detail?: string; title?: string } = {};
  try {
    problem = JSON.parse(text) as typeof problem;
  } catch {
    // A proxy's page, say.
  }
  if (problem.code === 'not-signed-in') session.ended();
  return new ApiError(problem.code ?? 'unknown', status, problem.detail ?? problem.title ?? '');
}

/** `?a=1&b=x`, without what is undefined. */
export function query(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const entries = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return `?${new URLSearchParams(entries)}`;
}
