import { NOT_REACHED, type Rehearsal, type Stage, type StageName } from '../rehearse/stage.ts';
import { story } from '../rehearse/story.ts';
import type { Paint } from '../ui/paint.ts';
import { plainLine } from '../ui/plain-text.ts';
import { wrapText } from '../ui/wrap-text.ts';

/** What is about to happen, in words. */
export const HEADINGS: Readonly<Record<StageName, string>> = {
  up: 'Starting the simulated home network',
  before: 'Preparing the machine with your script',
  apply: 'Applying the host file to the bare machine',
  'apply again': 'Applying it again: nothing may be left to do',
  reboot: 'Rebooting the machine: everything must come back',
  check: 'Trying from the laptop, the phone and the internet who reaches what',
  trouble: 'Now the trouble of the scenario: everyone must reach again what they should, within a minute',
  rollback: 'Taking everything back: the machine must be as it was before',
};

/** `✓ apply again   0.9 s  0 changes`. */
export function stageLine({ name, ok, seconds, detail }: Stage, paint: Paint): string {
  const mark = ok ? paint.good('✓') : paint.bad('✗');
  const time = paint.dim(`${seconds.toFixed(1).padStart(6)} s`);
  return `${mark} ${paint.strong(name.padEnd(11))} ${time}  ${plainLine(detail)}`;
}

/** The end of a rehearsal: who gets what, and whether the host file is ready. */
export function rehearsalText(
  { ok, stages, check }: Rehearsal,
  host: string,
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): string {
  const lines = (check ? story(check) : []).map((line) => {
    const words = wrapText(plainLine(line.text), columns - 2).join('\n  ');
    return `${line.ok ? paint.good('✓') : paint.bad('✗')} ${words}`;
  });
  const failed = stages.filter((stage) => !stage.ok && stage.detail !== NOT_REACHED).map(({ name }) => name);
  const verdict = ok
    ? paint.good(`The rehearsal went well. \`hostwright apply\` will do the same to ${plainLine(host)}.`)
    : paint.bad(`The rehearsal failed at: ${failed.join(', ')}. Your host has not been touched.`);
  return [...lines, ...(lines.length > 0 ? [''] : []), verdict].join('\n');
}
