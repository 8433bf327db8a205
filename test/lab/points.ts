/** Places at which the process kills itself, as `kill -9` would at that instant. */
import { plan } from './compose.ts';

const [wanted = '', count = '1'] = (plan.crashAt ?? '').split(':');
let left = Number(count);
let armed = plan.armed === 'at-start';
/** The arming reaches the threads, too. */
const channel = new BroadcastChannel('lab');
channel.onmessage = () => {
  armed = true;
};
channel.unref();

export function arm(): void {
  armed = true;
  channel.postMessage('arm');
}

export function point(name: string): void {
  if (!armed || name !== wanted || --left > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way: nothing more is done here.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
