import type { Rehearsal, Stage } from '../rehearse/stage.ts';
import { story } from '../rehearse/story.ts';
import type { Paint } from '../ui/paint.ts';
import { plainLine } from '../ui/plain-text.ts';

/** `✓ apply again   0.9 s  0 changes`. */
export function stageLine({ name, ok, seconds, detail }: Stage, paint: Paint): string {
  const mark = ok ? paint.good('✓') : paint.bad('✗');
  const time = paint.dim(`${seconds.toFixed(1).padStart(6)} s`);
  return `${mark} ${paint.strong(name.padEnd(11))} ${time}  ${plainLine(detail)}`;
}

/** The end of a rehearsal: who gets what, and whether the host file is ready. */
export function rehearsalText({ ok, stages, check }: Rehearsal, host: string, paint: Paint): string {
  const lines = check
    ? story(check).map((line) => `${line.ok ? paint.good('✓') : paint.bad('✗')} ${plainLine(line.text)}`)
    : [];
  const failed = stages
    .filter((stage) => !stage.ok && stage.detail !== 'not reached')
    .map(({ name }) => name);
  const verdict = ok
    ? paint.good(`The rehearsal went well. \`hostwright apply\` will do the same to ${plainLine(host)}.`)
    : paint.bad(`The rehearsal failed at: ${failed.join(', ')}. Your host has not been touched.`);
  return [...lines, ...(lines.length > 0 ? [''] : []), verdict].join('\n');
}
