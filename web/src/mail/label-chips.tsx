import { useStore } from '../store.ts';
import { labels, labelsOf } from './labels.ts';

export function LabelChips({ keywords }: { readonly keywords: readonly string[] }) {
  const known = useStore(labels, (state) => state.known);
  return labelsOf(keywords, known).map(({ id, name, colour }) => (
    <span key={id} className="label-chip">
      <span className={`label-dot ${colour}`} aria-hidden="true" />
      {name}
    </span>
  ));
}
