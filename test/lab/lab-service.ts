/** The service in the lab: the same program, with `compose.ts` loaded before it. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Service } from '../service.ts';
import type { LabPlan } from './compose.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const COMPOSE = new URL('./compose.ts', import.meta.url).href;

export function startInLab(data: string, plan: LabPlan = {}): Promise<Service> {
  return Service.start({
    data,
    program: [process.execPath, '--import', COMPOSE, MAIN],
    env: { LAB: JSON.stringify(plan) },
  });
}

/** Stops a process where it is; resolves when none of its threads is busy in the kernel. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  for (let quiet = 0; quiet < 2; ) {
    quiet = threadStates(pid).every((state) => state === 'T' || state === 't') ? quiet + 1 : 0;
    await sleep(2);
  }
}

function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const line = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return line[line.lastIndexOf(')') + 2] ?? '';
  });
}
