/**
 * The mail that is being written, kept safe: at once in this browser (a tab may crash), and after a moment as a draft on the
 * service. One save runs at a time; what changes meanwhile is saved by the next.
 */
import { ApiError, call } from '../api.ts';
import type { Address, Message } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { fetchMessage } from '../mail/messages.ts';
import { add as addWaiting, refusedMail, takeBack as takeWaitingBack } from '../mail/waiting.ts';
import { mailWords } from '../mail/words.ts';
import { Store } from '../store.ts';
import { dismiss, toast } from '../ui/toast.tsx';
import { words } from '../words/words.ts';
import * as drafts from './draft.ts';
import type { Draft } from './draft.ts';
import { keepDraft } from './keep-draft.ts';
import { forgetIdentities, identities, type Identity, signatureImage } from './identities.ts';
import { fitted, inlineFile } from './inline-images.ts';
import { forgetOwnAccount } from './own-account.ts';
import { forgetPeople, people } from '../settings/person.ts';

interface Composing {
  readonly draft: Draft | undefined;
  /** Another mail: fields begin anew. */
  readonly number: number;
  /** The text was changed by others than who writes: its editor takes it over. */
  readonly content: number;
  readonly state: 'saved' | 'unsaved' | 'saving' | 'failed';
  readonly sending: boolean;
  readonly complaint: string;
  /** 0 to 1 while files go up. */
  readonly progress: number | undefined;
}

const NOTHING: Composing = {
  draft: undefined,
  number: 0,
  content: 0,
  state: 'saved',
  sending: false,
  complaint: '',
  progress: undefined,
};
export const composing = new Store<Composing>(NOTHING);

const SAVE_MS = 1_500;
/** Each state of a draft is a whole message: with large files fewer are written. */
const LARGE = 2_000_000;
const SAVE_LARGE_MS = 10_000;
const AGAIN_MS = 5_000;
export const UNDO_SECONDS = 10;

let account = '';
let timer: ReturnType<typeof setTimeout> | undefined;
let running: Promise<void> | undefined;

const localKey = (): string => `pabal.draft.${account}`;

function keepHere(draft: Draft | undefined): void {
  try {
    if (draft === undefined || drafts.isEmpty(draft)) localStorage.removeItem(localKey());
    else
      localStorage.setItem(
        localKey(),
        JSON.stringify({ ...draft, files: draft.files.filter(({ at }) => at).map(there) }),
      );
  } catch {
    // Full, or forbidden: the service has it a moment later.
  }
}

/** What the service has. */
const there = ({ file: _here, ...one }: drafts.DraftFile): drafts.DraftFile => one;

/** What the last tab did not bring to its end is here again. */
export function begin(address: string): void {
  account = address;
  forgetIdentities();
  forgetPeople();
  forgetOwnAccount();
  try {
    const kept = localStorage.getItem(localKey());
    if (kept !== null) start({ ...drafts.blank(), ...(JSON.parse(kept) as Partial<Draft>) }, 'unsaved');
  } catch {
    // Nothing readable.
  }
}

function start(draft: Draft, state: Composing['state'] = 'saved'): void {
  composing.set({ ...NOTHING, draft, state, number: composing.state.number + 1 });
  if (state === 'unsaved') schedule();
}

/** One at a time: the one before is kept as a draft. */
async function open(draft: Draft): Promise<void> {
  if (composing.state.draft !== undefined) await close();
  start(draft);
}

export function write(to: readonly Address[] = []): void {
  const draft = drafts.blank(to);
  void signatureUnder(draft).then((under) => open(drafts.signed(draft, ...under)));
}

export function answer(id: string, all: boolean): void {
  begun(id, (message, me) => drafts.reply(message, me, all));
}

/** A confidential mail is its recipient's alone: so is the link to it. */
export function passOn(id: string): void {
  fetchMessage(id)
    .then(({ original }) => {
      if (original?.confidential !== true) begun(id, drafts.forward);
    })
    .catch(complain);
}

/** About another mail: from the address that it went to. */
function begun(id: string, make: (message: Message, me: string) => Draft): void {
  Promise.all([fetchMessage(id), identities()])
    .then(async ([message, own]) => {
      const me = drafts.writesAs(own, message);
      const made = make(message, me?.address ?? account);
      const draft = me === undefined || me === own[0] ? made : { ...made, from: fromOf(me) };
      return await open(drafts.signed(draft, ...(await signatureUnder(draft))));
    })
    .catch(complain);
}

export const fromOf = ({ name, address }: Identity): Address => ({ name, address });

/** Somebody to whom one writes alone may be written to with a signature of its own; else it is that of the address. */
async function signatureUnder({ from, to: [first, ...others] }: Draft): Promise<drafts.Signature> {
  const [own, special] = await Promise.all([identities(), people()]);
  const reader = others.length === 0 ? first?.address.toLowerCase() : undefined;
  const person = special.find(({ address }) => address.toLowerCase() === reader);
  const me = own.find(({ address }) => address === from?.address) ?? own[0];
  if (person?.signature !== undefined) return [person.signature];
  const image = me === undefined || me.image === '' ? undefined : await signatureImage(me);
  const text = me?.signature ?? '';
  return image === undefined ? [text] : [text, image];
}

/** Another sender, or other readers: the signature follows. */
export function changePeople(more: Pick<Partial<Draft>, 'from' | 'to'>): void {
  change(more);
  const { draft, number } = composing.state;
  if (draft === undefined) return;
  void signatureUnder(draft).then((under) => {
    const now = composing.state;
    if (now.draft === undefined || now.number !== number) return;
    const after = drafts.signedAnew(now.draft, ...under);
    if (after === now.draft) return;
    change(after);
    composing.set({ content: now.content + 1 });
  });
}

/** `template`: it is looked after, and not sent. */
export function resume(message: Message, template = false): void {
  void open({ ...drafts.resume(message), ...(template && { template }) });
}

/** A new mail that begins as this template. */
export function writeWith(template: Message): void {
  const draft = drafts.withTemplate(drafts.blank(), template);
  void signatureUnder(draft).then((under) => open(drafts.signed(draft, ...under)));
}

/** Puts a template into what is being written. */
export async function insertTemplate(id: string): Promise<void> {
  const template = await fetchMessage(id);
  const { draft } = composing.state;
  if (draft === undefined) return;
  const { number } = composing.state;
  change(drafts.withTemplate(draft, template));
  // The editor knows its text better than its form: it begins anew.
  composing.set({ number: number + 1 });
}

/** What is being written stays as it is; a copy of it becomes a template. */
export async function saveAsTemplate(): Promise<void> {
  // Its files are on the service then.
  await save();
  const { draft } = composing.state;
  if (draft === undefined) return;
  const { sendAt: _when, ...options } = drafts.optionsOf(draft);
  const { inReplyTo: _answered, references: _chain, ...wire } = drafts.wireOf(draft);
  await call('POST', '/v1/drafts', { body: { ...wire, options, template: true } });
}

const complain = (error: unknown): void => void toast(words().error(codeOf(error)), undefined, 'error');

export function change(more: Partial<Draft>): void {
  const { draft } = composing.state;
  if (draft === undefined) return;
  const changed = { ...draft, ...more };
  composing.set({ draft: changed, state: 'unsaved', complaint: '' });
  keepHere(changed);
  schedule();
}

function schedule(wait?: number): void {
  clearTimeout(timer);
  const large = (composing.state.draft?.files ?? []).reduce((sum, { size }) => sum + size, 0) > LARGE;
  timer = setTimeout(() => void save(), wait ?? (large ? SAVE_LARGE_MS : SAVE_MS));
}

export function addFiles(files: Iterable<File>): void {
  const { draft } = composing.state;
  if (draft === undefined) return;
  const added = [...files].map((file) => ({ key: crypto.randomUUID(), name: file.name, size: file.size, file }));
  change({ files: [...draft.files, ...added] });
  schedule(0);
}

/** What fits into the text is told to the editor, by its name there; the rest are files beside it. */
export async function addImages(images: readonly File[], show: (cid: string, name: string) => void): Promise<void> {
  for (const image of images) {
    const small = await fitted(image);
    const { draft } = composing.state;
    if (draft === undefined) return;
    if (small === undefined) {
      addFiles([image]);
      continue;
    }
    const file = inlineFile(small);
    change({ files: [...draft.files, file] });
    show(file.cid, file.name);
  }
  schedule(0);
}

/** Formatting and back: what stood in the text as an image is a file then. */
export function setFormatted(formatted: boolean): void {
  const { draft } = composing.state;
  if (draft === undefined) return;
  if (formatted) return change({ html: drafts.htmlOf(draft.text) });
  const { html: _formatted, ...plain } = draft;
  const files = drafts.filesGoing(draft).map(({ cid: _shown, ...file }) => file);
  composing.set({ draft: { ...plain, files } });
  change({});
}

/** Resolves when what there was at the call is on the service. Rejects with what went wrong. */
async function save(): Promise<void> {
  clearTimeout(timer);
  while (running !== undefined) await running.catch(() => undefined);
  const { draft, number } = composing.state;
  if (draft === undefined || composing.state.state === 'saved') return;
  if (drafts.isEmpty(draft)) return composing.set({ state: 'saved' });
  composing.set({ state: 'saving' });
  running = keepDraft(draft, (part) => composing.set({ progress: part })).then((stored) => {
    const now = composing.state;
    if (now.draft === undefined || now.number !== number) return;
    const places = new Map(stored.files.map(({ key, at }) => [key, at]));
    const files = now.draft.files.map((one) => {
      const at = places.get(one.key);
      if (at !== undefined) return one.cid === undefined ? { ...there(one), at } : { ...one, at };
      // It was taken out of the text: whoever puts it back there sends it anew.
      const { at: _gone, ...here } = one;
      return one.cid === undefined ? one : here;
    });
    const after = { ...now.draft, id: stored.id, files };
    composing.set({ draft: after, state: now.draft === draft ? 'saved' : 'unsaved', progress: undefined });
    keepHere(after);
    if (now.draft !== draft) schedule();
  });
  try {
    await running;
  } catch (error) {
    composing.set({ state: 'failed', progress: undefined });
    // Too large stays too large; a service that is away comes back.
    if (codeOf(error) === 'too-large') composing.set({ complaint: words().error('too-large') });
    else schedule(AGAIN_MS);
    throw error;
  } finally {
    running = undefined;
  }
}

/** Closes the form; what is in it stays as a draft. */
export async function close(): Promise<void> {
  const { draft } = composing.state;
  try {
    await save();
  } catch (error) {
    // It is still in this browser, and comes back with the next visit.
    complain(error);
  }
  if (composing.state.draft === draft || composing.state.state === 'saved') forget();
}

function forget(): void {
  clearTimeout(timer);
  if (composing.state.state === 'saved') keepHere(undefined);
  composing.set({ ...NOTHING, number: composing.state.number });
}

export async function discard(): Promise<void> {
  clearTimeout(timer);
  while (running !== undefined) await running.catch(() => undefined);
  const { draft } = composing.state;
  composing.set({ state: 'saved' });
  forget();
  if (draft?.id !== undefined) await call('DELETE', `/v1/drafts/${draft.id}`).catch(() => undefined);
  if (draft !== undefined && !drafts.isEmpty(draft))
    toast(words().discarded, {
      label: words().undo,
      act: () => {
        const { id: _gone, ...rest } = draft;
        start({ ...rest, files: [] }, 'unsaved');
      },
    });
}

interface Sent {
  readonly id: string;
  readonly passCode?: string;
}

/** Of the confidential mail that was just sent, until its sender has noted it. */
export const passCodes = new Store<{ readonly shown: string | undefined }>({ shown: undefined });

export async function sendNow(): Promise<void> {
  const { draft, sending } = composing.state;
  if (draft === undefined || sending) return;
  composing.set({ sending: true, complaint: '' });
  const key = crypto.randomUUID();
  try {
    // With files the draft is what is sent; without, nothing has to be kept first.
    if (drafts.filesGoing(draft).some(({ at }) => at === undefined)) await save();
    clearTimeout(timer);
    while (running !== undefined) await running.catch(() => undefined);
    const now = composing.state.draft ?? draft;
    const later = now.sendAt === '' ? undefined : new Date(now.sendAt).toISOString();
    const body = sendBody(now);
    const { id, passCode } = await call<Sent>('POST', '/v1/messages', { body, key });
    composing.set({ state: 'saved', sending: false });
    forget();
    if (passCode !== undefined) passCodes.set({ shown: passCode });
    sent(now, id, later);
  } catch (error) {
    if (codeOf(error) === 'offline') return sendWithout(key);
    const complaint = error instanceof ApiError && error.code === 'invalid' ? error.message : '';
    composing.set({ sending: false, complaint: complaint || words().error(codeOf(error)) });
  }
}

function sendBody(draft: Draft) {
  const held = draft.sendAt === '' ? { undoFor: UNDO_SECONDS } : { sendAt: new Date(draft.sendAt).toISOString() };
  return { ...drafts.wireOf(draft), ...drafts.sendingOf(draft), ...held };
}

/** There is no connection: it waits for one, with the key under which it was tried, unless what it needs is only here for now. */
function sendWithout(key: string): void {
  const { draft } = composing.state;
  if (draft === undefined) return;
  const own = mailWords();
  // The pass code of a confidential mail is told when it is sent: somebody has to be there.
  const refused = drafts.filesGoing(draft).some(({ at }) => at === undefined)
    ? own.filesNeedConnection
    : draft.confidential
      ? words().error('offline')
      : '';
  if (refused !== '') return composing.set({ sending: false, complaint: refused });
  addWaiting({ kind: 'mail', key, body: sendBody(draft), draft });
  composing.set({ state: 'saved', sending: false });
  forget();
  const back = () => {
    if (takeWaitingBack(key)) start(draft, 'unsaved');
  };
  toast(own.willSend, { label: words().undo, act: back });
}

/** A mail that waited and that the service does not take: it is open again, and says why. */
refusedMail.tell = ({ draft }, error) => {
  void open({ ...drafts.blank(), ...(draft as Partial<Draft>) }).then(() =>
    composing.set({ state: 'unsaved', complaint: error.message || words().error(error.code) }),
  );
};

/** While it is held it can be taken back: the draft stays as long. */
function sent(draft: Draft, submission: string, later: string | undefined): void {
  if (draft.answers !== undefined)
    call('PATCH', `/v1/messages/${draft.answers}`, { body: { answered: true } }).catch(() => undefined);
  let back = false;
  const tidy = () => {
    removeEventListener('pagehide', tidy);
    if (!back && draft.id !== undefined)
      call('DELETE', `/v1/drafts/${draft.id}`, { keepalive: true }).catch(() => undefined);
  };
  const takeBack = async () => {
    back = true;
    try {
      await call('DELETE', `/v1/submissions/${submission}`);
      start(draft, 'unsaved');
      toast(words().takenBack);
    } catch (error) {
      back = false;
      tidy();
      complain(error);
    }
  };
  const ms = UNDO_SECONDS * 1_000;
  const text = later === undefined ? words().sentWord : words().scheduledWord;
  const note = toast(text, { label: words().undo, act: () => void takeBack() }, 'note', ms);
  addEventListener('pagehide', tidy);
  setTimeout(() => {
    dismiss(note);
    tidy();
  }, ms);
}
