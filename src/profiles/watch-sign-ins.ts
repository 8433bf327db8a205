/** What follows when somebody signs in: his mail is hurried, and its owner hears of a new place. */
import type { NewPlace } from '../directory/api.ts';
import { NEW_PLACE, SIGNED_IN } from '../directory/directory.ts';
import type { Intake } from '../intake/intake.ts';
import { tellOfNewPlace } from '../intake/new-place.ts';
import type { AccountId, MailStore } from '../mailstore/api.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';

export function watchSignIns(parts: {
  readonly bus: Bus;
  readonly intake: Pick<Intake, 'signedIn'>;
  readonly mailstore: MailStore;
  readonly clock: Clock;
  readonly hostname: string;
  readonly log: Log;
}): Disposable {
  const { bus, intake, mailstore: store, clock, hostname, log } = parts;
  const wake = ({ account }: { account: AccountId }): void =>
    void intake.signedIn(account).catch((error: unknown) => log.warn({ err: error }, 'could not hurry mail'));
  const tellOwner = (place: NewPlace): void =>
    void tellOfNewPlace({ store, clock, hostname }, place).catch((error: unknown) =>
      log.error({ err: error, account: place.account }, 'the owner was not told of a sign-in from a new place'),
    );
  const watching = new DisposableStack();
  watching.use(bus.subscribe(SIGNED_IN, (message) => wake(message as { account: AccountId })));
  watching.use(bus.subscribe(NEW_PLACE, (message) => tellOwner(message as NewPlace)));
  return watching;
}
