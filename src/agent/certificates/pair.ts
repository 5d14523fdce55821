import { randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode, writeWhole } from './files.ts';
import type { Pair } from './order.ts';
import type { CertificatePlaces } from './places.ts';

/** Puts a new pair where root's script fetches it: the folder appears whole or not at all. */
export async function handOver(
  { ready, staged: stage }: CertificatePlaces,
  name: string,
  { chain, key }: Pair,
): Promise<void> {
  await mkdir(ready, { recursive: true });
  // What a run that was killed has left.
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  const staged = join(stage, `${name}.${randomBytes(6).toString('hex')}`);
  await mkdir(staged, { mode: 0o700 });
  try {
    await writeWhole(join(staged, 'key.pem'), key, 0o600);
    await writeWhole(join(staged, 'fullchain.pem'), chain, 0o644);
    await makeWay(ready, name);
    await rename(staged, join(ready, name));
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  }
}

/** A pair that nobody has fetched is an older one, and goes; what else is there is somebody's, and stays beside it. */
async function makeWay(ready: string, name: string): Promise<void> {
  const folder = join(ready, name);
  for (const file of ['key.pem', 'fullchain.pem']) await rm(join(folder, file), { force: true });
  await rmdir(folder).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    return rename(folder, join(ready, `.aside-${randomBytes(6).toString('hex')}-${name}`));
  });
}

/** A pair waits for root's script. */
export async function isWaiting({ ready }: CertificatePlaces, name: string): Promise<boolean> {
  return access(join(ready, name, 'fullchain.pem')).then(
    () => true,
    () => false,
  );
}
