/** Does the sender's domain stand behind the mail (SPF, DKIM, DMARC), and does the client have a name? */
import { point, type SpamCheck } from '../check.ts';

export const authentication: SpamCheck = {
  name: 'authentication',
  run({ authentication: found }) {
    if (found === undefined) return [];
    const { iprev, spf, dkim, dmarc } = found;
    const points = [];
    if (dmarc.result === 'pass') points.push(point('DMARC_PASS', -0.5, `${dmarc.domain} stands behind this mail`));
    else if (dmarc.result === 'fail')
      points.push(
        point('DMARC_FAIL', dmarc.policy === 'none' ? 1.5 : 3, `${dmarc.domain} does not stand behind this mail`),
      );
    else if (dmarc.result === 'permerror')
      points.push(point('DMARC_BROKEN', 1, dmarc.reason ?? 'the author is unclear'));
    if (spf.result === 'fail') points.push(point('SPF_FAIL', 2, `${spf.domain} does not send from this address`));
    else if (spf.result === 'softfail')
      points.push(point('SPF_SOFTFAIL', 1, `${spf.domain} mostly does not send from this address`));
    if (dkim.some(({ result }) => result === 'fail') && !dkim.some(({ result }) => result === 'pass'))
      points.push(point('DKIM_FAIL', 0.5, 'its signature does not fit: it was changed on its way'));
    if (spf.result === 'none' && dkim.every(({ result }) => result === 'none') && dmarc.result === 'none')
      points.push(point('NOT_AUTHENTICATED', 1, 'nothing shows who sent this mail'));
    if (iprev.result === 'fail' || iprev.result === 'permerror')
      points.push(
        point('NO_REVERSE_NAME', 1, `the sending server ${iprev.address} has no name in DNS that leads back to it`),
      );
    return points;
  },
};
