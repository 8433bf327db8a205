/** Which methods a path knows: told to whoever comes with another one (RFC 9110 §15.5.6). */
import type { HttpRoute } from './options.ts';

/** In alphabetical order; empty where there is nothing at all. A route for the operator is nothing to others. */
export function methodsOf(routes: readonly HttpRoute[], url: string): readonly string[] {
  const [path = ''] = url.split('?', 1);
  const segments = path.split('/');
  const here = routes.filter(
    ({ access, url: pattern }) => access !== 'operator' && matches(pattern.split('/'), segments),
  );
  return [...new Set(here.map(({ method }) => method))].sort();
}

/** `:name` stands for one segment, `*` for all that follow. */
function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  const rest = pattern.at(-1) === '*';
  if (rest ? segments.length < pattern.length : segments.length !== pattern.length) return false;
  return pattern.every(
    (part, i) => part === '*' || part === segments[i] || (part.startsWith(':') && segments[i] !== ''),
  );
}
