/** Locks between processes, held by the kernel: they end with their holder, however it ends. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';

/**
 * Runs `work` while no other process runs work under the same lock file. `waiting` is called once if another
 * one has to be waited for.
 * @param remove whether the lock file goes afterwards
 */
export async function withLock<Result>(
  file: string,
  waiting: () => void,
  work: () => Promise<Result>,
  remove = true,
): Promise<Result> {
  const holder = spawn('sh', ['-c', script(file).text], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  try {
    await held(holder.stdout, ended, file, waiting);
    try {
      return await work();
    } finally {
      if (remove) rmSync(file, { force: true });
    }
  } finally {
    // Its end of input is what the holder waits for, so our death frees the lock too.
    holder.stdin.end();
    await ended;
  }
}

/** A lock file that was removed while we waited for it locks nobody out: then the new one is taken. */
function script(file: string): ReturnType<typeof sh> {
  return sh`said=
while :; do
  exec 9>>${file}
  if ! flock --nonblock 9; then
    [ -n "$said" ] || echo waiting
    said=1
    flock 9
  fi
  [ "$(stat -L -c %i /dev/fd/9)" = "$(stat -c %i ${file} 2>/dev/null)" ] && break
done
echo held
exec cat 9>&9`;
}

function held(
  output: NodeJS.ReadableStream,
  ended: Promise<void>,
  file: string,
  waiting: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    output.on('data', (chunk: Buffer) => {
      const before = text;
      text += chunk.toString();
      if (text.includes('waiting') && !before.includes('waiting')) waiting();
      if (text.includes('held')) resolve();
    });
    void ended.then(() => reject(new HostError(`The lock ${file} could not be taken`)));
  });
}
