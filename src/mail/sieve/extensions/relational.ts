/** relational (RFC 5231): larger and smaller, and how many. */
import type { Extension } from '../language.ts';
import type { Matching, MatchType } from '../match.ts';

function holds(relation: string, order: number): boolean {
  switch (relation) {
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
    case 'eq':
      return order === 0;
    default:
      return order !== 0;
  }
}

function match(value: string, key: string, { relation, comparator }: Matching): readonly string[] | undefined {
  return holds(relation, comparator.compare(value, key)) ? [] : undefined;
}

const value: MatchType = { name: 'value', relation: true, match };
const count: MatchType = { name: 'count', relation: true, counts: true, match };

export const relational: Extension = { name: 'relational', matchTypes: [value, count] };
