/** All commands. One that is not here does not exist: nothing else announces or runs it. */
import type { AnyCommand } from './command.ts';
import { deleteAcl, getAcl, listRights, myRights, setAcl } from './commands/acl.ts';
import { append } from './commands/append.ts';
import { authenticate } from './commands/authenticate.ts';
import { capability } from './commands/capability.ts';
import { check } from './commands/check.ts';
import { close } from './commands/close.ts';
import { compress } from './commands/compress.ts';
import { copy, uidCopy } from './commands/copy.ts';
import { create } from './commands/create.ts';
import { remove } from './commands/delete.ts';
import { enable } from './commands/enable.ts';
import { expunge, uidExpunge } from './commands/expunge.ts';
import { fetch, uidFetch } from './commands/fetch.ts';
import { id } from './commands/id.ts';
import { idle } from './commands/idle.ts';
import { list } from './commands/list.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { lsub } from './commands/lsub.ts';
import { getMetadata, setMetadata } from './commands/metadata.ts';
import { move, uidMove } from './commands/move.ts';
import { namespace } from './commands/namespace.ts';
import { noop } from './commands/noop.ts';
import { notify } from './commands/notify.ts';
import { getQuota, getQuotaRoot } from './commands/quota.ts';
import { rename } from './commands/rename.ts';
import { replace, uidReplace } from './commands/replace.ts';
import { search, uidSearch } from './commands/search.ts';
import { examine, select } from './commands/select.ts';
import { sort, uidSort } from './commands/sort.ts';
import { starttls } from './commands/starttls.ts';
import { status } from './commands/status.ts';
import { store, uidStore } from './commands/store.ts';
import { subscribe, unsubscribe } from './commands/subscribe.ts';
import { thread, uidThread } from './commands/thread.ts';
import { unselect } from './commands/unselect.ts';
import type { Decoder } from './wire/decoder.ts';

/** In the order in which their capabilities are told. */
export const COMMANDS: readonly AnyCommand[] = [
  capability,
  noop,
  logout,
  starttls,
  login,
  authenticate,
  id,
  enable,
  compress,
  select,
  examine,
  create,
  remove,
  rename,
  subscribe,
  unsubscribe,
  list,
  lsub,
  namespace,
  status,
  getQuota,
  getQuotaRoot,
  getMetadata,
  setMetadata,
  setAcl,
  deleteAcl,
  getAcl,
  listRights,
  myRights,
  append,
  idle,
  notify,
  check,
  close,
  unselect,
  expunge,
  uidExpunge,
  search,
  uidSearch,
  sort,
  uidSort,
  thread,
  uidThread,
  fetch,
  uidFetch,
  store,
  uidStore,
  copy,
  uidCopy,
  move,
  uidMove,
  replace,
  uidReplace,
];

/** For metrics. */
export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ name }) => name);

const byName: ReadonlyMap<string, AnyCommand> = new Map(COMMANDS.map((command) => [command.name, command]));

/** Reads a command's name. */
export function commandNamed(d: Decoder): AnyCommand | undefined {
  const word = d.word();
  return byName.get(word === 'UID' && d.next(' ') ? `UID ${d.sp().word()}` : word);
}
