/**
 * Reports about mail that was passed on (SRS) go where that came from. What is passed on so leaves this service, and may hold the mail
 * that failed: it was looked into for viruses before.
 */
import { type RawMail, HEAD_LIMIT } from '../../intake/arrival.ts';
import type { AutomaticMail } from '../../intake/automatic.ts';
import type { Delivery, Stage } from '../../intake/pipeline.ts';
import type { ReturnPaths } from '../../intake/return-paths.ts';
import { selectFields } from '../../mail/header.ts';
import { domainOf } from '../../mail/path.ts';
import type { Log } from '../../telemetry/log.ts';

const CRLF = Buffer.from('\r\n');

export interface PassBackParts {
  readonly automatic: AutomaticMail;
  readonly returnPaths: Pick<ReturnPaths, 'read'>;
  readonly log: Log;
}

export function passBack({ automatic, returnPaths, log }: PassBackParts): Stage {
  return {
    name: 'pass-back',
    does: 'passes reports about forwarded mail on to whoever sent that',
    needs: ['body', 'account'],
    onFailure: 'retry',
    applies: ({ recipient, findings }) => recipient.own === undefined && findings.quarantined !== true,
    async deliver(delivery: Delivery) {
      const { mail, recipient, account } = delivery;
      const path = await returnPaths.read(recipient.address);
      if (path?.kind !== 'forward') return false;
      const { details, body } = await delivery.content();
      const { size, structure } = details;
      const end = structure.bodyStart;
      const fields = selectFields(await body.bytes(0, Math.min(end, HEAD_LIMIT)), new Set(['return-path']), true);
      // Signatures are over the body as it came: it begins behind the empty line.
      const head = Buffer.concat([fields, CRLF]);
      const whole: RawMail =
        size <= HEAD_LIMIT ? { head: Buffer.concat([head, await body.bytes(end)]) } : { head, rest: body.stream(end) };
      log.info({ id: mail.id, to: path.to }, 'a report about forwarded mail is passed back');
      await automatic.send({
        account: account.id,
        sender: '',
        forwardedBy: domainOf(recipient.address),
        recipient: path.to,
        mail: whole,
        key: `passed back ${recipient.deliveryId}`,
        requireTls: mail.requireTls,
      });
      return true;
    },
  };
}
