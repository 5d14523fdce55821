import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCode, readSmall } from './files.ts';

/** Runs alone: two runs at once would order twice. Waits for another one, and takes over from one that has died. @throws after `seconds` */
export async function alone<T>(path: string, seconds: number, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const end = Date.now() + seconds * 1000;
  while (!(await take(path))) {
    if (Date.now() > end)
      throw new Error('Another run of the agent is at work on the certificates. Try again when it is done.');
    await sleep(250);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(await ownMark(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  const mark = (await readSmall(path)) ?? '';
  // Just made and not yet written; or whoever made it was killed in between.
  if (mark === '') {
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > 10_000) await rm(path, { force: true });
    return false;
  }
  if (mark !== (await ownMark(Number(mark.split(' ')[0])))) await rm(path, { force: true });
  return false;
}

/** A process by its id and its start, as ids come again. */
async function ownMark(pid: number): Promise<string> {
  const found = Number.isSafeInteger(pid) ? await readProc(pid) : undefined;
  return `${pid} ${found?.slice(found.lastIndexOf(')') + 2).split(' ')[19] ?? 'gone'}`;
}

function readProc(pid: number): Promise<string | undefined> {
  return readSmall(`/proc/${pid}/stat`).catch(() => undefined);
}
