/** Who has an account here, and may use it; accounts are opened, given more room, and shut. Above them those that people made for themselves. */
import { useEffect, useState } from 'react';
import { call, query } from '../api.ts';
import { who } from '../app.tsx';
import { failed } from '../mail/actions.ts';
import { Field, Loaded, Section, useResource } from '../settings/resource.tsx';
import { toast } from '../ui/toast.tsx';
import { mediumDate, size } from '../words/format.ts';
import { type Account, ManageAccount, NewAccount } from './account-dialogs.tsx';
import { useServiceWords } from './words.ts';

const TYPED_MS = 250;

export function Accounts() {
  const words = useServiceWords().accounts;
  const [typed, setTyped] = useState('');
  const [q, setQ] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const [revision, setRevision] = useState(0);
  return (
    <>
      <Waiting onDecided={() => setRevision(revision + 1)} />
      <Section>
        <Field label={words.find}>
          <input value={typed} maxLength={200} onChange={(event) => setTyped(event.target.value)} />
        </Field>
        <AccountList key={revision} q={q} />
      </Section>
    </>
  );
}

const suspendedUrl = (address: string): string => `/v1/admin/accounts/${encodeURIComponent(address)}/suspended`;

/** Nothing where nobody waits. */
function Waiting({ onDecided }: { readonly onDecided: () => void }) {
  const words = useServiceWords().accounts;
  const { value, set } = useResource<{ items: readonly Account[] }>('/v1/admin/accounts?waits=true');
  if (value === undefined || value.items.length === 0) return null;
  const decide = (address: string, suspended: boolean) => {
    call('PUT', suspendedUrl(address), { body: { suspended } })
      .then(() => {
        toast(suspended ? words.isTurnedDown(address) : words.isResumed(address));
        set({ items: value.items.filter((one) => one.address !== address) });
        onDecided();
      })
      .catch(failed);
  };
  return (
    <Section title={words.waiting} intro={words.waitingHint}>
      <ul className="items">
        {value.items.map(({ address, name, created }) => (
          <li key={address}>
            <span className="grow">
              <strong>{address}</strong>
              <small className="muted">{[name, words.since(mediumDate(created))].filter(Boolean).join(' · ')}</small>
            </span>
            {([false, true] as const).map((suspended) => (
              <button
                key={String(suspended)}
                type="button"
                className={suspended ? 'button small' : 'button small primary'}
                aria-label={`${suspended ? words.turnDown : words.letIn}: ${address}`}
                onClick={() => decide(address, suspended)}
              >
                {suspended ? words.turnDown : words.letIn}
              </button>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function AccountList({ q }: { readonly q: string }) {
  const words = useServiceWords().accounts;
  const accounts = useResource<{ items: readonly Account[]; more: boolean }>(`/v1/admin/accounts${query({ q })}`);
  const suspend = ({ address }: Account, suspended: boolean) => {
    call('PUT', suspendedUrl(address), { body: { suspended } })
      .then(() => {
        toast(suspended ? words.isSuspended(address) : words.isResumed(address));
        accounts.load();
      })
      .catch(failed);
  };
  const own = who.state.account?.address;
  const [open, setOpen] = useState<Account | 'new'>();
  const close = () => setOpen(undefined);
  return (
    <Loaded of={accounts}>
      {({ items, more }) => (
        <>
          {items.length === 0 && <p className="muted">{words.none}</p>}
          <ul className="items">
            {items.map((one) => {
              const { address, name, aliases, admin, suspended, quota, created } = one;
              const facts = [name, ...aliases, quota === null ? '' : size(quota), words.since(mediumDate(created))];
              const act = suspended ? words.resume : words.suspend;
              return (
                <li key={address}>
                  <span className="grow">
                    <strong>{address}</strong>
                    {admin && <span className="badge">{words.admin}</span>}
                    {suspended && <span className="badge forged">{words.suspended}</span>}
                    <small className="muted">{facts.filter(Boolean).join(' · ')}</small>
                  </span>
                  <button
                    type="button"
                    className="button small"
                    aria-label={`${words.manage}: ${address}`}
                    onClick={() => setOpen(one)}
                  >
                    {words.manage}
                  </button>
                  {address !== own && (
                    <button
                      type="button"
                      className="button small"
                      aria-label={`${act}: ${address}`}
                      onClick={() => suspend(one, !suspended)}
                    >
                      {act}
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
          {more && <p className="muted">{words.others}</p>}
          <div className="save-row start">
            <button type="button" className="button" onClick={() => setOpen('new')}>
              {words.open}
            </button>
          </div>
          {open === 'new' && <NewAccount onClose={close} onDone={accounts.load} />}
          {open !== undefined && open !== 'new' && (
            <ManageAccount account={open} onClose={close} onDone={accounts.load} />
          )}
        </>
      )}
    </Loaded>
  );
}
