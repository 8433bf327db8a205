/** Over what was found: the forms of the query, each to be taken out of it, and the order. */
import { go, route } from '../route.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { useWords } from '../words/words.ts';
import { formsOf, without } from './terms.ts';
import { useSearchWords } from './words.ts';
import '../css/search.css';

export type SearchOrder = 'desc' | 'asc' | 'relevance';

interface SearchTermsProps {
  readonly order: SearchOrder;
  readonly onOrder: (order: SearchOrder) => void;
}

export function SearchTerms({ order, onOrder }: SearchTermsProps) {
  const words = useWords();
  const own = useSearchWords();
  const asked = useStore(route, ({ at }) => at.what);
  const leave = (form: string) => {
    const rest = without(asked, form);
    go(rest === '' ? { view: 'folder', what: 'inbox' } : { view: 'search', what: rest });
  };
  return (
    <div className="filters" role="group" aria-label={own.inSearch}>
      {formsOf(asked).map((form) => (
        <button key={form} type="button" className="chip" aria-label={own.without(form)} onClick={() => leave(form)}>
          <bdi>{form}</bdi> <Icon name="close" />
        </button>
      ))}
      <Menu
        label={words.sortBy}
        button={<Icon name="sort" />}
        groups={[
          (['desc', 'asc', 'relevance'] as const).map((one) => ({
            label: own.orders[one],
            checked: order === one,
            act: () => onOrder(one),
          })),
        ]}
      />
    </div>
  );
}
