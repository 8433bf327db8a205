/** Tells the postmaster that an account was slowed, or may not send any more. */
import type { Directory } from '../directory/api.ts';
import type { Intake } from '../intake/intake.ts';
import { formatDate } from '../mail/date.ts';
import type { Blocked } from './fast-block.ts';

export interface BlockNoticeParts {
  readonly directory: Pick<Directory, 'account' | 'route'>;
  readonly intake: Pick<Intake, 'accept'>;
  readonly hostname: string;
}

/** Nobody hears of it when there is no administrator: the log has it in any case. */
export async function tellPostmaster(
  { directory, intake, hostname }: BlockNoticeParts,
  { account, state, since, reason }: Blocked,
): Promise<void> {
  const { address = account } = (await directory.account(account)) ?? {};
  const postmaster = `postmaster@${address.slice(address.lastIndexOf('@') + 1)}`;
  const route = await directory.route(postmaster);
  if (route.kind !== 'account') return;
  const key = `${account} ${state} ${since}`;
  const lines = [
    `From: Pabal <${postmaster}>`,
    `To: ${postmaster}`,
    `Subject: ${address} ${state === 'slowed' ? 'sends unusually much' : 'may not send any more'}`,
    `Date: ${formatDate(since)}`,
    `Message-ID: <${state}.${since}.${account}@${hostname}>`,
    'Auto-Submitted: auto-generated',
    'Content-Type: text/plain; charset=utf-8',
    '',
    state === 'slowed'
      ? `${address} is slowed: it may send a few mails an hour.`
      : `${address} is suspended from sending. What it has sent and is still here waits. It receives mail as before.`,
    `Why: ${reason}.`,
    '',
    `Is that as it should be? Then: pabal account sending ${address} --resume`,
    `To stop it yourself: pabal account sending ${address} --suspend "why"`,
    '',
  ];
  await intake.accept({
    sender: '',
    recipients: [{ account: route.account, address: postmaster }],
    origin: { protocol: 'local', hello: '', remote: '', cipher: '' },
    mail: { head: Buffer.from(lines.join('\r\n')) },
    deliveryKey: `sending ${key}`,
    accepted: since,
  });
}
