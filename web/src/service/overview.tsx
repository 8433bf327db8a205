/** Whether all is well, and how much waits. */
import { Loaded, Section, useResource } from '../settings/resource.tsx';
import { Icon } from '../ui/icon.tsx';
import { mediumDate } from '../words/format.ts';
import { type QueueName, useServiceWords } from './words.ts';

interface Counts {
  readonly name: QueueName;
  readonly waiting: number;
  readonly due: number;
  readonly held: number;
  readonly oldest: string | null;
}

export function Overview() {
  const words = useServiceWords();
  const health = useResource<{ problems: readonly string[] }>('/v1/admin/health');
  const queues = useResource<{ items: readonly Counts[] }>('/v1/admin/queues');
  return (
    <>
      <Section>
        <Loaded of={health}>
          {({ problems }) => (
            <div className={problems.length === 0 ? 'health well' : 'health'} role="status">
              <Icon name={problems.length === 0 ? 'check' : 'warning'} />
              <div>
                <strong>{problems.length === 0 ? words.well : words.problems(problems.length)}</strong>
                {problems.map((one) => (
                  <p key={one} lang="en">
                    {one}
                  </p>
                ))}
              </div>
            </div>
          )}
        </Loaded>
      </Section>
      <Section title={words.waitingNow}>
        <Loaded of={queues}>
          {({ items }) => (
            <ul className="items">
              {items.map(({ name, waiting, due, held, oldest }) => (
                <li key={name}>
                  <span className="grow">
                    {words.queueNames[name]}
                    <small className="muted">
                      {[
                        due > 0 && words.due(due),
                        held > 0 && words.held(held),
                        oldest && words.oldest(mediumDate(oldest)),
                      ]
                        .filter(Boolean)
                        .join(' · ')}
                    </small>
                  </span>
                  <strong>{words.waiting(waiting)}</strong>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
        <div className="save-row start">
          <button
            type="button"
            className="button"
            onClick={() => {
              health.load();
              queues.load();
            }}
          >
            {words.refresh}
          </button>
        </div>
      </Section>
    </>
  );
}
