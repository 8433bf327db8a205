/** One message: who and what above, its text below, and what can be done with it. */
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { call } from '../api.ts';
import type { Message } from '../api.ts';
import * as composing from '../compose/composing.ts';
import { securedKind } from '../crypto/kind.ts';
import { useStore } from '../store.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { toast } from '../ui/toast.tsx';
import { displayName, initial, longDate, mediumDate, names } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import * as actions from './actions.ts';
import { Attachments } from './attachments.tsx';
import { Badge } from './badge.tsx';
import { ConversationToggle, Stack, useConversation } from './conversation.tsx';
import { connection } from './events.ts';
import { HeldOriginal } from './held-original.tsx';
import { LabelChips } from './label-chips.tsx';
import type { Question } from './list-pane.tsx';
import { codeOf, mailbox, messageOf } from './mailbox.ts';
import { fetchMessage, forgetMessage } from './messages.ts';
import { OriginalDialog } from './original-dialog.tsx';
import { PlainText } from './plain-text.tsx';
import { RemoteImages } from './remote-images.tsx';
import { SentResult } from './sent-result.tsx';
import { leavingQuestion, Warnings } from './warnings.tsx';
import { useMailWords } from './words.ts';

/** Loaded when there is something to be found out. */
const Secured = lazy(async () => ({ default: (await import('../crypto/secured.tsx')).Secured }));
/** Loaded when somebody asks for it. */
const PersonDialog = lazy(async () => ({ default: (await import('../settings/person-dialog.tsx')).PersonDialog }));

interface MessagePaneProps {
  readonly id: string | undefined;
  readonly onOpen: (id: string) => void;
  readonly onBack: () => void;
  readonly onStep: (by: number) => void;
  /** For what takes the message out of the list. */
  readonly onLeave: (act: (ids: readonly string[]) => void) => void;
  readonly onAsk: (what: Question) => void;
}

export function MessagePane(props: MessagePaneProps) {
  const { id, onBack } = props;
  const words = useWords();
  const [shown, setShown] = useState<{ id: string; message?: Message; error?: string }>();

  useEffect(() => {
    if (id === undefined) return;
    let gone = false;
    fetchMessage(id)
      .then((message) => {
        if (gone) return;
        setShown({ id, message });
        if (!(messageOf(id)?.read ?? message.read)) actions.mark([id], { read: true });
      })
      .catch((error: unknown) => {
        if (!gone) setShown({ id, error: codeOf(error) });
      });
    return () => {
      gone = true;
    };
  }, [id]);

  if (id === undefined)
    return (
      <div className="nothing">
        <img src="/icon.svg" alt="" width="64" height="64" className="faint" />
        <h2>{words.chooseMessage}</h2>
        <p>{words.chooseMessageHint}</p>
      </div>
    );
  const here = shown?.id === id ? shown : undefined;
  if (here?.error !== undefined)
    return (
      <div className="nothing" role="alert">
        <Icon name="warning" />
        <h2>{words.error(here.error)}</h2>
        <button type="button" className="button" onClick={onBack}>
          {words.back}
        </button>
      </div>
    );
  // The one before stays until this one is here, if that takes no more than a moment.
  if (here?.message === undefined) return <p className="pane-note">{words.loading}</p>;
  return <MessageView key={id} {...props} id={id} message={here.message} />;
}

function MessageView({
  id,
  message,
  onOpen,
  onBack,
  onStep,
  onLeave,
  onAsk,
}: MessagePaneProps & { id: string; message: Message }) {
  const words = useWords();
  const own = useMailWords();
  const current = useStore(mailbox, () => messageOf(id)) ?? message;
  // The page of a mail is in a frame that no worker serves.
  const live = useStore(connection, (state) => state.live);
  const heading = useRef<HTMLHeadingElement>(null);
  const [details, setDetails] = useState(false);
  const [images, setImages] = useState(message.remoteImagesAllowed);
  const [original, setOriginal] = useState(false);
  const [handling, setHandling] = useState(false);
  const conversation = useConversation(message.thread, id);
  const stacked = conversation.shown && conversation.total > 1;
  const secured = securedKind(message);
  const from = message.from[0];
  const { letter, colour } = initial(from);
  const role = useStore(mailbox, (s) => s.folders.find(({ id: one }) => one === current.folder)?.role);
  const inTrash = role === 'trash';

  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);

  const tool = (label: string, icon: IconName, act: () => void, filled = false) => (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={act}>
      <Icon name={icon} filled={filled} />
    </button>
  );

  return (
    <article className={stacked ? 'message stacked' : 'message'} aria-label={message.subject || words.noSubject}>
      <div className="message-tools" role="toolbar" aria-label={words.mail}>
        <span className="only-narrow">{tool(words.back, 'back', onBack)}</span>
        {inTrash
          ? tool(own.restore, 'back', () => onLeave(actions.restore))
          : tool(words.archive, 'archive', () => onLeave(actions.archive))}
        {tool(inTrash ? words.deleteForEver : words.delete, 'trash', () => onLeave(actions.remove))}
        {tool(words.spam, 'junk', () => onLeave(actions.reportSpam))}
        {tool(words.moveTo, 'move', () => onAsk('move'))}
        <span className="only-wide">
          {tool(own.snooze, 'clock', () => onAsk('snooze'))}
          {tool(own.labelAs, 'label', () => onAsk('label'))}
        </span>
        {tool(words.markUnread, 'unread', () => actions.mark([id], { read: false }))}
        <span className="grow" />
        {tool(words.previous, 'up', () => onStep(-1))}
        {tool(words.next, 'down', () => onStep(1))}
        <Menu
          label={words.more}
          button={<Icon name="more" />}
          groups={[
            ...(from === undefined || message.draft
              ? []
              : [
                  [
                    {
                      label: words.addContact,
                      icon: 'people' as const,
                      act: () => actions.addContact(from),
                    },
                    { label: words.handleSender, icon: 'label' as const, act: () => setHandling(true) },
                    {
                      label: words.blockSender,
                      icon: 'block' as const,
                      act: () => actions.blockSender(from.address),
                    },
                  ],
                ]),
            [
              { label: own.snooze, icon: 'clock', act: () => onAsk('snooze') },
              { label: own.labelAs, icon: 'label', act: () => onAsk('label') },
            ],
            [
              { label: words.print, icon: 'print', act: () => print() },
              { label: words.showOriginal, icon: 'source', act: () => setOriginal(true) },
              { label: words.downloadOriginal, icon: 'download', act: () => location.assign(`/v1/messages/${id}/raw`) },
            ],
          ]}
        />
      </div>
      <header className="message-head">
        <div className="subject-line">
          <h1 ref={heading} tabIndex={-1}>
            {message.subject || words.noSubject}
          </h1>
          <button
            type="button"
            className={current.flagged ? 'star on' : 'star'}
            aria-label={current.flagged ? words.unstar : words.star}
            aria-pressed={current.flagged}
            onClick={() => actions.toggleStar([id])}
          >
            <Icon name="star" filled={current.flagged} />
          </button>
        </div>
        <p className="message-marks">
          <LabelChips keywords={current.keywords} />
          {current.snoozedUntil !== undefined && (
            <span className="muted">
              <Icon name="clock" /> {own.comesBack(mediumDate(current.snoozedUntil))}
            </span>
          )}
        </p>
        <ConversationToggle of={conversation} />
      </header>
      {conversation.shown && <Stack messages={conversation.before} label={words.earlier} onOpen={onOpen} />}
      <header className="message-head">
        <div className="sender-line">
          <span className={`face c${colour}`} aria-hidden="true">
            {letter}
          </span>
          <div className="sender">
            <div>
              <strong>{from === undefined ? words.nobody : displayName(from)}</strong>{' '}
              {from !== undefined && displayName(from) !== from.address && (
                <span className="muted address">{from.address}</span>
              )}{' '}
              <Badge message={message} />
            </div>
            <button type="button" className="recipients" aria-expanded={details} onClick={() => setDetails(!details)}>
              {words.toMe(names([...message.to, ...message.cc]) || words.nobody)}
              <Icon name={details ? 'up' : 'down'} />
            </button>
          </div>
          <time dateTime={message.date ?? message.received} title={longDate(message.date ?? message.received)}>
            {mediumDate(message.date ?? message.received)}
          </time>
        </div>
        {details && <Details message={message} />}
      </header>
      {message.sent !== null && <SentResult sent={message.sent} />}
      <Warnings message={message} />
      {secured !== undefined && (
        <Suspense>
          <Secured message={message} />
        </Suspense>
      )}
      {message.remoteImages > 0 && !images && <RemoteImages message={message} onShow={() => setImages(true)} />}
      {message.truncated && (
        <p className="notice">
          <Icon name="warning" />
          <span>{words.truncated}</span>
          <a className="button small" href={`/v1/messages/${id}/raw`}>
            {words.download}
          </a>
        </p>
      )}
      {message.receiptRequested !== null && <ReceiptNotice id={id} />}
      <HeldOriginal message={message} />
      <Attachments message={message} />
      {message.html !== null && !live && (
        <p className="notice">
          <Icon name="warning" />
          <span>{words.onlyText}</span>
        </p>
      )}
      {secured === 'sealed' ? null : message.html === null || !live ? (
        <PlainText text={message.text ?? ''} {...leavingQuestion(message, words)} />
      ) : (
        // No scripts and no origin: what a mail holds can neither act nor reach us. The page has a policy of its own.
        <iframe
          className="body-frame"
          title={words.content}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          referrerPolicy="no-referrer"
          src={`/v1/messages/${id}/page${images ? '?images=true' : ''}`}
        />
      )}
      {conversation.shown && <Stack messages={conversation.after} label={words.later} onOpen={onOpen} />}
      <Answers message={message} isTemplate={role === 'templates'} />
      {handling && from !== undefined && (
        <Suspense>
          <PersonDialog address={from.address} onClose={() => setHandling(false)} />
        </Suspense>
      )}
      {original && <OriginalDialog id={id} onClose={() => setOriginal(false)} />}
    </article>
  );
}

/** What can be written from it. */
function Answers({ message, isTemplate }: { readonly message: Message; readonly isTemplate: boolean }) {
  const words = useWords();
  const own = useMailWords();
  const { id } = message;
  const button = (label: string, icon: IconName, act: () => void, primary = false) => (
    <button type="button" className={primary ? 'button primary' : 'button'} onClick={act}>
      <Icon name={icon} /> {label}
    </button>
  );
  return (
    <footer className="answers">
      {isTemplate && button(own.useTemplate, 'compose', () => composing.writeWith(message), true)}
      {isTemplate && button(own.editTemplate, 'drafts', () => composing.resume(message, true))}
      {!isTemplate && message.draft && button(words.editDraft, 'compose', () => composing.resume(message), true)}
      {!message.draft && button(words.reply, 'reply', () => composing.answer(id, false))}
      {!message.draft && button(words.replyAll, 'replyAll', () => composing.answer(id, true))}
      {!message.draft &&
        message.original?.confidential !== true &&
        button(words.forward, 'forward', () => composing.passOn(id))}
    </footer>
  );
}

/** Whether the sender is told is the reader's to say (RFC 8098 §2.1). */
function ReceiptNotice({ id }: { readonly id: string }) {
  const words = useWords();
  const [settled, setSettled] = useState(false);
  if (settled) return null;
  const answer = (what: 'displayed' | 'decline') => {
    setSettled(true);
    call('POST', `/v1/messages/${id}/receipt`, { body: { answer: what } })
      .then(() => {
        forgetMessage(id);
        if (what === 'displayed') toast(words.receiptSent);
      })
      .catch(actions.failed);
  };
  return (
    <p className="notice">
      <Icon name="check" />
      <span>{words.wantsReceipt}</span>
      <button type="button" className="button small" onClick={() => answer('decline')}>
        {words.declineReceipt}
      </button>
      <button type="button" className="button small" onClick={() => answer('displayed')}>
        {words.sendReceipt}
      </button>
    </p>
  );
}

function Details({ message }: { readonly message: Message }) {
  const words = useWords();
  const people = (label: string, list: Message['to']) =>
    list.length > 0 && (
      <>
        <dt>{label}</dt>
        <dd>
          {list
            .map(({ name, address }) => (name ? `${displayName({ name, address })} <${address}>` : address))
            .join(', ')}
        </dd>
      </>
    );
  return (
    <dl className="details">
      {people(words.from, message.from)}
      {people(words.to, message.to)}
      {people(words.cc, message.cc)}
      {people(words.bcc, message.bcc)}
      <dt>{words.date}</dt>
      <dd>{longDate(message.date ?? message.received)}</dd>
    </dl>
  );
}
