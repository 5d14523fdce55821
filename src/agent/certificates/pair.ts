import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './files.ts';
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
    // One that nobody has fetched is an older one.
    await rm(join(ready, name), { recursive: true, force: true });
    await rename(staged, join(ready, name));
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  }
}

/** A pair waits for root's script. */
export async function isWaiting({ ready }: CertificatePlaces, name: string): Promise<boolean> {
  return readdir(join(ready, name)).then(
    () => true,
    () => false,
  );
}
