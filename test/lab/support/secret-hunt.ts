/** Looks for secrets where they must not be. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { labCapture } from '../../../src/lab/exec.ts';
import { layerFolders } from '../../../src/lab/layer.ts';
import { nodeFolder } from '../../../src/lab/places.ts';
import { run } from '../../../src/lab/run.ts';

/** A secret as it is, and in the coats that programs put on text. */
export function disguises(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  // Base64 of the text at each of the three places it can have within a longer one, without what its neighbours change.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : shift + 1, -4),
  );
  return [secret, bytes.toString('hex'), encodeURIComponent(secret), ...base64];
}

/** Which of the secrets are in the text. */
export function foundIn(text: string | Buffer, secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => disguises(secret).some((form) => text.includes(form)));
}

/** Files below a folder that hold one of the secrets, by their path below it. */
export function filesWith(folder: string, secrets: readonly string[]): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .filter((path) => foundIn(readFileSync(join(folder, path)), secrets).length > 0);
}

/** Files that the box has written, on its disk and in memory, that hold one of the secrets. */
export async function boxFilesWith(lab: string, secrets: readonly string[]): Promise<readonly string[]> {
  const patterns = `${secrets.flatMap(disguises).join('\n')}\n`;
  const { upper } = layerFolders(nodeFolder(lab, 'box'));
  const grep = ['grep', '-rlaF', '-f', '-'];
  const [disk, memory] = await Promise.all([
    run([...grep, upper], { input: patterns }),
    labCapture(
      { name: lab, node: 'box', argv: [...grep, '--devices=skip', '/run', '/tmp', '/dev/shm'] },
      { input: patterns },
    ),
  ]);
  const lines = [
    ...disk.stdout.split('\n').map((path) => path.replace(upper, '')),
    ...memory.stdout.split('\n'),
  ];
  return lines.filter((path) => path !== '').sort();
}
