import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from './context.ts';

/** What `hostwright` without a command means: the wizard where nothing is there yet, else the status. */
export function nameForBareCall({ cwd, interactive }: Pick<Context, 'cwd' | 'interactive'>): string {
  return interactive && !existsSync(join(cwd, 'host.yaml')) ? 'init' : 'status';
}
