/** Locks between processes, held by the kernel: they end with their holder, however it ends. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { HostError } from '../errors.ts';
import { type Shell, sh } from '../quote.ts';

/**
 * Runs `work` while no other process runs work under the same lock file, which goes afterwards.
 * @param busy called once when another one has to be waited for; or `give up`, then the work is not done
 */
export async function withLock<Result>(
  file: string,
  busy: () => void,
  work: () => Promise<Result>,
): Promise<Result>;
export async function withLock(file: string, busy: 'give up', work: () => Promise<void>): Promise<void>;
export async function withLock<Result>(
  file: string,
  busy: (() => void) | 'give up',
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const patient = busy !== 'give up';
  const holder = spawn('sh', ['-c', script(file, patient).text], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  try {
    const got = await held(holder.stdout, ended, file, patient ? busy : () => undefined);
    if (!got) return undefined;
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    // Its end of input is what the holder waits for, so our death frees the lock too.
    holder.stdin.end();
    await ended;
  }
}

/** A lock file that was removed while we waited for it locks nobody out: then the new one is taken. */
function script(file: string, patient: boolean): Shell {
  return sh`said=
while :; do
  exec 9>>${file} || exit
  if ! flock --nonblock 9; then
    [ -n "$said" ] || echo waiting
    said=1
    ${patient ? sh`flock 9` : sh`exit`}
  fi
  [ "$(stat -L -c %i /dev/fd/9)" = "$(stat -c %i ${file} 2>/dev/null)" ] && break
done
echo held
exec cat`;
}

/** True when the lock is ours, false when another one has it and we are not to wait. */
function held(
  output: NodeJS.ReadableStream,
  ended: Promise<void>,
  file: string,
  waiting: () => void,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let text = '';
    output.on('data', (chunk: Buffer) => {
      const before = text;
      text += chunk.toString();
      if (text.includes('waiting') && !before.includes('waiting')) waiting();
      if (text.includes('held')) resolve(true);
    });
    void ended.then(() => {
      if (text.includes('waiting')) resolve(false);
      else reject(new HostError(`The lock ${file} could not be taken`));
    });
  });
}
