/** Runs what was composed of hostile text, and listens. */
import { expect } from 'vitest';
import { runScript } from '../../src/apply/script.ts';
import type { OwnedResource } from '../../src/compose/collect.ts';
import { planOf } from './composed.ts';
import type { Sandbox } from './sandbox.ts';

/** Resources in one script. */
const BATCH = 300;

/** Runs all of them, in few scripts. */
export function expectSilence(sandbox: Sandbox, resources: readonly OwnedResource[]): void {
  for (const batch of batchesOf(resources)) {
    const problem = problemOf(sandbox, batch);
    if (problem !== undefined) expect(culprit(sandbox, batch)).toBe(problem);
  }
}

/** As few as ids allow; what is the same in several cases counts once. */
function batchesOf(resources: readonly OwnedResource[]): readonly (readonly OwnedResource[])[] {
  const batches: Map<string, OwnedResource>[] = [];
  const seen = new Set<string>();
  for (const owned of resources) {
    const { id, spec } = owned.resource;
    const mark = `${id} ${JSON.stringify(spec)}`;
    if (seen.has(mark)) continue;
    seen.add(mark);
    const free = batches.find((batch) => !batch.has(id) && batch.size < BATCH);
    if (free) free.set(id, owned);
    else batches.push(new Map([[id, owned]]));
  }
  return batches.map((batch) => [...batch.values()]);
}

/** What is wrong with the script of these. */
function problemOf(sandbox: Sandbox, batch: readonly OwnedResource[]): string | undefined {
  let script: string;
  try {
    script = runScript(planOf(batch), { id: 'a-run', owner: "o'wner $(: >x)" }).script.text;
  } catch (error) {
    return `no script: ${String(error)}`;
  }
  const unreadable = sandbox.unreadable(script);
  if (unreadable !== undefined) return unreadable;
  sandbox.run(script);
  return sandbox.sang() ? 'the canary sang' : undefined;
}

/** The one resource that is to blame. */
function culprit(sandbox: Sandbox, batch: readonly OwnedResource[]): string {
  const found = batch.find((owned) => problemOf(sandbox, [owned]) !== undefined);
  return found
    ? `${problemOf(sandbox, [found])} by ${JSON.stringify(found.resource).slice(0, 2_000)}`
    : 'several together';
}
