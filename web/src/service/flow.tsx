/** Mail on its way, as it happens: what arrives and leaves, and what becomes of it. Nothing of what it says is known here. */
import { useEffect, useRef, useState } from 'react';
import { Choice, Section } from '../settings/resource.tsx';
import { clockTime } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { type FlowKind, type FlowStep, useServiceWords } from './words.ts';

interface Step {
  /** Counts from the start of the service. */
  readonly number: string;
  readonly at: string;
  readonly step: FlowStep;
  readonly sender: string;
  readonly to: readonly string[];
  readonly recipients: number;
  readonly detail: string;
}

/** Rows on the page; what is older is in the log. */
const MOST = 200;
/** News that come in a bunch are drawn once. */
const GATHER_MS = 200;
const KINDS: Readonly<Record<FlowKind, readonly FlowStep[] | undefined>> = {
  all: undefined,
  arriving: ['accepted', 'refused', 'filed', 'retried', 'failed'],
  leaving: ['submitted', 'delivered', 'deferred', 'bounced'],
  trouble: ['refused', 'retried', 'failed', 'deferred', 'bounced'],
};
const WELL: readonly FlowStep[] = ['filed', 'delivered'];

export function Flow() {
  const words = useServiceWords().flow;
  const { nobody } = useWords();
  const [kind, setKind] = useState<FlowKind>('all');
  const [paused, setPaused] = useState(false);
  const { steps, live } = useSteps(paused);
  const wanted = KINDS[kind];
  const shown = wanted === undefined ? steps : steps.filter(({ step }) => wanted.includes(step));
  const tone = (step: FlowStep) => (KINDS.trouble?.includes(step) ? 'bad' : WELL.includes(step) ? 'good' : '');
  return (
    <Section intro={words.intro}>
      <div className="flow-tools">
        <Choice<FlowKind> label={words.show} value={kind} options={words.kinds} onChange={setKind} />
        <button type="button" className="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {words.pause}
        </button>
        <span className="muted" role="status">
          {paused ? words.paused : live ? words.live : words.away}
        </span>
      </div>
      {shown.length === 0 ? (
        <p className="muted">{words.empty}</p>
      ) : (
        <div className="table flow" role="group" aria-label={words.steps} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.time}</th>
                <th scope="col">{words.step}</th>
                <th scope="col">{words.from}</th>
                <th scope="col">{words.to}</th>
                <th scope="col">{words.why}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ number, at, step, sender, to, recipients, detail }) => (
                <tr key={number}>
                  <td>{clockTime(at)}</td>
                  <td>
                    <span className={`badge ${tone(step)}`}>{words.names[step]}</span>
                  </td>
                  <td>
                    <bdi>{sender || nobody}</bdi>
                  </td>
                  <td>
                    <bdi>{to.join(', ')}</bdi> {recipients > to.length && words.others(recipients - to.length)}
                  </td>
                  <td lang="en">
                    <bdi>{detail}</bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

/** Newest first. While it is paused they are gathered, and shown afterwards. */
function useSteps(paused: boolean): { readonly steps: readonly Step[]; readonly live: boolean } {
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [live, setLive] = useState(false);
  const waiting = useRef<Step[]>([]);
  useEffect(() => {
    // The browser comes back by itself, with the last number it saw.
    const source = new EventSource('/v1/admin/flow');
    source.onopen = () => setLive(true);
    source.onerror = () => setLive(false);
    source.addEventListener('step', (event: MessageEvent<string>) => {
      waiting.current.unshift({ ...(JSON.parse(event.data) as Omit<Step, 'number'>), number: event.lastEventId });
      waiting.current.splice(MOST);
    });
    return () => source.close();
  }, []);
  useEffect(() => {
    if (paused) return undefined;
    const draw = () => {
      const news = waiting.current;
      waiting.current = [];
      if (news.length > 0) setSteps((before) => [...news, ...before].slice(0, MOST));
    };
    const timer = setInterval(draw, GATHER_MS);
    return () => clearInterval(timer);
  }, [paused]);
  return { steps, live };
}
