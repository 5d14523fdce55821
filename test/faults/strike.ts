/** The three things that happen to a run: its connection is cut, hostwright is killed, the machine loses power. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { powerCut } from '../../src/lab/box.ts';
import { netnsPath } from '../../src/lab/places.ts';
import { must, run } from '../../src/lab/run.ts';
import { sh } from '../../src/quote.ts';
import type { Fault } from './points.ts';

/** Lets it happen. Resolves when the user could try again. */
export async function strike(fault: Fault, lab: string, child: ChildProcess): Promise<void> {
  if (fault === 'kill') killTree(child.pid);
  else if (fault === 'cut') await cut(lab);
  else await powerCut(lab);
}

/** The process and its children; none gets to say a word. */
export function killTree(pid: number | undefined): void {
  if (pid === undefined) return;
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
  for (const child of children) killTree(Number(child));
}

/** Every packet of the connections that there are is lost from now on, in both directions; new ones work. */
async function cut(lab: string): Promise<void> {
  const script = sh`nft add table inet faults
nft 'add set inet faults cut { type inet_service; }'
nft 'add chain inet faults out { type filter hook output priority 0; }'
nft 'add chain inet faults in { type filter hook input priority 0; }'
nft 'add rule inet faults out tcp dport 22 tcp sport @cut drop'
nft 'add rule inet faults in tcp sport 22 tcp dport @cut drop'
for port in $(ss -Htn state all '( dport = :22 )' | sed -n 's/.*:\([0-9]*\) .*:22\( .*\)\{0,1\}$/\1/p'); do
  nft add element inet faults cut "{ $port }"
done`;
  await must('Cutting the connection', [...laptop(lab), 'sh', '-s'], { input: script.text });
}

/** Takes the cut away; what was lost stays lost. */
export async function mend(lab: string): Promise<void> {
  await run([...laptop(lab), 'nft', 'delete', 'table', 'inet', 'faults']);
}

const laptop = (lab: string): readonly string[] => ['nsenter', `--net=${netnsPath(lab, 'laptop')}`];

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
