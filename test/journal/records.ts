import { createHash } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from '../apply/sandbox.ts';

/** Days as seconds. */
export const DAY = 86_400;

/** A run as it lies on a host. */
export interface RecordedRun {
  /** Seconds since 1970 at which it began and ended. */
  readonly began: number;
  readonly ended?: number;
  readonly status?: string;
  readonly owner?: string;
  /** Further files of its folder, by path below it. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

/** Puts a run's folder into the state directory of a sandbox. */
export function putRun(box: Sandbox, id: string, run: RecordedRun): string {
  const folder = join(box.path, 'state/runs', id);
  const put = (name: string, content: string | Buffer, at?: number): void => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    if (at !== undefined) utimesSync(path, at, at);
  };
  put('owner', run.owner ?? 'mia@laptop, process 7\n', run.began);
  if (run.status !== undefined) put('status', `${run.status}\n`, run.ended ?? run.began + 5);
  for (const [name, content] of Object.entries(run.files ?? {})) put(name, content);
  return folder;
}

/** Name of the slot in which the host keeps the original of a path. */
export function slotOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 32);
}
