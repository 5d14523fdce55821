import { readdir } from 'node:fs/promises';
import { labDown } from '../lab/down.ts';
import { LABS, labName } from '../lab/places.ts';

/** Labs of rehearsals that are taken away again carry the process that has to do it. */
const TEMPORARY = /^rehearse-(\d+)$/;

/** A lab that disturbs no other; one that is kept has another name, so that nobody clears it away. */
export function rehearsalLab(keep: boolean, pid = process.pid): string {
  return labName(keep ? `kept-${pid}` : `rehearse-${pid}`);
}

/** Takes away the labs of rehearsals that were killed before they could do it themselves. */
export async function clearAbandonedLabs(report: (text: string) => void): Promise<void> {
  const entries = await readdir(LABS).catch(() => []);
  for (const name of entries) {
    const pid = TEMPORARY.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await labDown({ name, report });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and somebody else's (kill(2)).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
