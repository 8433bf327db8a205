/** The form for writing: the basic one (to, subject, text), and the extended one with everything, carried over by one key. */
import { type DragEvent, type KeyboardEvent, lazy, Suspense, useEffect, useRef, useState } from 'react';
import { HangulSwitch } from '../hangul/hangul-switch.tsx';
import { useHangul } from '../hangul/use-hangul.ts';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { size } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import {
  addFiles,
  addImages,
  change,
  changePeople,
  close,
  composing,
  discard,
  fromOf,
  sendNow,
  setFormatted,
} from './composing.ts';
import { PassCode } from './confidential.tsx';
import { filesListed, mentionsAttachment, parseAddress } from './draft.ts';
import { Extras } from './extras.tsx';
import { identities, type Identity } from './identities.ts';
import { sourceOf } from './inline-images.ts';
import { PeopleField } from './people-field.tsx';
import { TemplateMenu } from './templates.tsx';
import '../css/compose.css';

const RichText = lazy(async () => ({ default: (await import('./editor.tsx')).RichText }));

export function Composer() {
  const words = useWords();
  const { draft, number, content, state, sending, complaint, progress } = useStore(composing, (s) => s);
  const [asking, setAsking] = useState(false);
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const text = useRef<HTMLTextAreaElement>(null);
  const subject = useRef<HTMLInputElement>(null);
  const subjectLang = useHangul('subject', subject, number);
  const textLang = useHangul('text', text, `${number} ${draft?.html === undefined}`);
  const pending = useRef<{ to?: string; cc?: string; bcc?: string }>({});

  useEffect(() => {
    const field = text.current;
    if (field === null || draft === undefined || draft.to.length === 0) return;
    // An answer begins above what it quotes.
    field.focus();
    field.setSelectionRange(0, 0);
    field.scrollTop = 0;
    // oxlint-disable-next-line react/exhaustive-deps -- once for each mail
  }, [number]);

  if (draft === undefined) return <PassCode />;
  const { extended } = draft;
  const listed = filesListed(draft);
  const send = () => {
    // An address that is still being typed counts; what cannot be one is asked about.
    for (const field of ['to', 'cc', 'bcc'] as const) {
      const typed = pending.current[field]?.trim() ?? '';
      if (typed === '') continue;
      const address = parseAddress(typed);
      if (address === undefined) return composing.set({ complaint: words.notAnAddress(typed) });
      change({ [field]: [...draft[field], address] });
    }
    const now = composing.state.draft ?? draft;
    if (now.to.length + now.cc.length + now.bcc.length === 0) return composing.set({ complaint: words.nobodyToSendTo });
    if (listed.length === 0 && mentionsAttachment(draft)) return setAsking(true);
    void sendNow();
  };
  const toggle = () => change({ extended: !extended });
  /** Before the fields see them: an editor has uses of its own for Enter. */
  const command = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || !(event.ctrlKey || event.metaKey)) return;
    if (event.key === 'Enter' && draft.template !== true) send();
    else if (event.shiftKey && event.code === 'KeyE') toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.nativeEvent.isComposing) void close();
    event.stopPropagation();
  };
  const drop = (event: DragEvent) => {
    setOver(false);
    // The text has taken it.
    if (event.defaultPrevented) return;
    event.preventDefault();
    addFiles(event.dataTransfer.files);
  };
  const status = {
    saved: draft.id === undefined ? '' : words.draftSaved,
    unsaved: '',
    saving: words.saving,
    failed: words.notSaved,
  };

  return (
    <section
      key={number}
      className={['composer', extended && 'extended', over && 'over'].filter(Boolean).join(' ')}
      role="dialog"
      aria-label={words.compose}
      onKeyDownCapture={command}
      onKeyDown={key}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div className="composer-head">
        <h2>{draft.subject || words.newMessage}</h2>
        <span className="muted" role="status">
          {status[state]}
        </span>
        <button
          type="button"
          className="icon-button"
          aria-label={words.saveAndClose}
          title={words.saveAndClose}
          onClick={() => void close()}
        >
          <Icon name="close" />
        </button>
      </div>
      <div className="compose-fields">
        <PeopleField
          label={words.to}
          people={draft.to}
          autoFocus={draft.to.length === 0}
          onChange={(to) => changePeople({ to })}
          onPending={(typed) => void (pending.current.to = typed)}
        />
        {extended && <FromField from={draft.from?.address} />}
        {extended && (
          <>
            <PeopleField
              label={words.cc}
              people={draft.cc}
              onChange={(cc) => change({ cc })}
              onPending={(typed) => void (pending.current.cc = typed)}
            />
            <PeopleField
              label={words.bcc}
              people={draft.bcc}
              onChange={(bcc) => change({ bcc })}
              onPending={(typed) => void (pending.current.bcc = typed)}
            />
          </>
        )}
        <label className="subject-field">
          <span>{words.subject}</span>
          <input
            ref={subject}
            lang={subjectLang}
            value={draft.subject}
            maxLength={5000}
            onChange={(event) => change({ subject: event.target.value })}
          />
          <HangulSwitch field="subject" />
        </label>
        {extended && <Extras draft={draft} />}
      </div>
      {draft.html === undefined ? (
        <textarea
          ref={text}
          className="compose-text"
          lang={textLang}
          aria-label={words.content}
          value={draft.text}
          onChange={(event) => change({ text: event.target.value })}
        />
      ) : (
        <Suspense fallback={<p className="pane-note">{words.loading}</p>}>
          <RichText
            html={draft.html}
            version={content}
            onChange={(html, plain) => change({ html, text: plain })}
            onImages={(images, show) => void addImages(images, show)}
            sourceOf={(cid) => sourceOf(composing.state.draft?.files ?? [], cid)}
          />
        </Suspense>
      )}
      {listed.length > 0 && (
        <ul className="compose-files" aria-label={words.attachments(listed.length)}>
          {listed.map(({ key: id, name, size: bytes, at }) => (
            <li key={id}>
              <Icon name="attach" />
              <bdi className="file-name">{name}</bdi>
              <span className="muted">{size(bytes)}</span>
              {at === undefined && progress !== undefined && (
                <progress value={progress} aria-label={`${name}: ${words.uploading}`} />
              )}
              <button
                type="button"
                className="icon-button small"
                aria-label={`${words.removeWord}: ${name}`}
                onClick={() => change({ files: draft.files.filter((one) => one.key !== id) })}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {complaint !== '' && (
        <p className="complaint" role="alert">
          {complaint}
        </p>
      )}
      <footer>
        {draft.template === true ? (
          <button type="button" className="button primary" onClick={() => void close()}>
            {words.save}
          </button>
        ) : (
          <button type="button" className="button primary" disabled={sending} title="Ctrl+Enter" onClick={send}>
            <Icon name="sent" />
            {sending ? words.sending : draft.sendAt === '' ? words.send : words.schedule}
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={words.attach}
          title={words.attach}
          onClick={() => files.current?.click()}
        >
          <Icon name="attach" />
        </button>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            addFiles(event.target.files ?? []);
            event.target.value = '';
          }}
        />
        {extended && (
          <button
            type="button"
            className="chip"
            aria-pressed={draft.html !== undefined}
            onClick={() => setFormatted(draft.html === undefined)}
          >
            {words.formatting}
          </button>
        )}
        <button type="button" className="chip" aria-pressed={extended} title="Ctrl+Shift+E" onClick={toggle}>
          {words.allFields}
        </button>
        <HangulSwitch field="text" />
        <span className="grow" />
        {draft.template !== true && <TemplateMenu />}
        <button
          type="button"
          className="icon-button"
          aria-label={words.discard}
          title={words.discard}
          onClick={() => void discard()}
        >
          <Icon name="trash" />
        </button>
      </footer>
      <PassCode />
      {asking && (
        <Dialog title={words.forgotten} onClose={() => setAsking(false)} className="narrow">
          <p>{words.forgottenHint}</p>
          <div className="dialog-buttons">
            <button type="button" className="button" onClick={() => setAsking(false)}>
              {words.back}
            </button>
            <button
              type="button"
              className="button primary"
              onClick={() => {
                setAsking(false);
                void sendNow();
              }}
            >
              {words.sendAnyway}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

/** Only for whom there is a choice. */
function FromField({ from }: { readonly from: string | undefined }) {
  const words = useWords();
  const [own, setOwn] = useState<readonly Identity[]>([]);
  useEffect(() => void identities().then(setOwn), []);
  if (own.length < 2) return null;
  return (
    <label className="subject-field">
      <span>{words.from}</span>
      <select
        value={from ?? own[0]?.address}
        onChange={(event) => {
          const chosen = own.find(({ address }) => address === event.target.value);
          if (chosen !== undefined) changePeople({ from: fromOf(chosen) });
        }}
      >
        {own.map(({ name, address }) => (
          <option key={address} value={address}>
            {name === '' ? address : `${name} <${address}>`}
          </option>
        ))}
      </select>
    </label>
  );
}
