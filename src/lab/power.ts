/** The power switch of a machine, and whether it has started again. */
import { setTimeout as pause } from 'node:timers/promises';
import { HostError } from '../errors.ts';
import { leader } from './cgroup.ts';
import { powerCutFile } from './machine.ts';
import type { NodeName } from './places.ts';
import { asRoot } from './root.ts';
import { must } from './run.ts';

/** Machines that start again; the others have no keeper that would do it. */
type Switchable = Extract<NodeName, 'box' | 'router'>;

/** Milliseconds. */
const SHUTDOWN = 60_000;

/**
 * Ends all processes of a machine at once and waits until its first one runs again.
 * @throws {HostError} when it does not run, or does not start again.
 */
export async function cutPower(lab: string, node: Switchable): Promise<void> {
  const before = first(lab, node);
  await must('Cutting the power', asRoot(['touch', powerCutFile(lab, node)]));
  await must('Cutting the power', asRoot(['kill', '-KILL', String(before)]));
  await replaced(lab, node, before);
}

/** @throws {HostError} when the machine does not run. */
export function first(lab: string, node: Switchable): number {
  const pid = leader(lab, node);
  if (pid === undefined) throw new HostError(`The ${node} of the lab ${lab} does not run`);
  return pid;
}

/** Waits until another process is the machine's first one. */
export async function replaced(lab: string, node: Switchable, before: number): Promise<void> {
  const deadline = Date.now() + SHUTDOWN;
  for (let now = leader(lab, node); now === undefined || now === before; now = leader(lab, node)) {
    if (Date.now() > deadline) throw new HostError(`The ${node} of the lab ${lab} did not start again`);
    await pause(20);
  }
}
