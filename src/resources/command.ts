import { z } from 'zod';
import { absolutePath } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { joinShell, quoteAll, type Shell, sh } from '../quote.ts';
import { defineKind } from './kind.ts';

/** Seconds that a guard may take; it only looks. */
const GUARD_SECONDS = 20;

/** A program and its arguments, without a shell in between. */
const argv = () =>
  z
    .array(z.string().refine((word) => !word.includes('\0'), 'an argument cannot hold a NUL character'))
    .min(1, 'a command needs at least the name of a program')
    .refine(([program]) => program !== '', 'the name of the program is empty');

const schema = z
  .strictObject({
    /** Says what it does; part of the id. */
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9 ._:@/-]{0,99}$/,
        'the name of a command has letters, digits, spaces and . _ : @ / -, at most 100',
      ),
    run: argv(),
    /** The guard: while it ends with 0 there is nothing to do. It must only read, since `plan` runs it too. */
    unless: argv().optional(),
    /** The other guard: while this path exists there is nothing to do. */
    creates: absolutePath().optional(),
  })
  .refine(({ unless, creates }) => (unless === undefined) !== (creates === undefined), {
    message: 'a command needs a guard, else it would run every time: either "unless" or "creates"',
  });

type Spec = z.output<typeof schema>;

/** `unknown`: the guard could not be run, because it needs what an earlier change brings. */
type CommandState = 'done' | 'due' | 'unknown';

/** A command that runs only when its guard says that it is needed. */
export const kind = defineKind({
  name: 'command',
  describe: 'A command with a guard that says when there is nothing to do.',
  schema,
  key: (spec) => spec.name,

  // The guards are the only cost that grows with the number of commands.
  observe: (specs) =>
    joinShell(specs.map((spec) => sh`hw_status=0; ${guard(spec)} || hw_status=$?; echo "$hw_status"`)),

  parse(output, specs) {
    const lines = output.toString().split('\n').slice(0, -1);
    if (lines.length !== specs.length || !lines.every((line) => /^\d+$/.test(line))) {
      throw new HostError('The host did not answer for every command', {
        hint: 'A guard must print nothing of its own and leave its shell alone.',
        output: output.toString(),
      });
    }
    return lines.map((line): CommandState => {
      if (line === '0') return 'done';
      // env(1), timeout(1): it took too long, could not be run, was not found.
      return ['124', '126', '127', '137'].includes(line) ? 'unknown' : 'due';
    });
  },

  diff(spec, state) {
    if (state === 'done') return undefined;
    const when = state === 'unknown' ? ' (if its guard, which cannot run yet, still asks for it then)' : '';
    return { action: 'run', summary: `run ${shown(spec.run)}${when}` };
  },

  step(spec) {
    return {
      converged: guard(spec),
      unmoved: sh`:`,
      record: sh`:`,
      change: sh`if ! ${guard(spec)}; then
  ${spec.run} </dev/null || hw_fail ${`${shown(spec.run)} failed, see above`}
  ${guard(spec)} || hw_fail ${`${shown(spec.run)} ended well, but its guard still says that it is needed: ${asked(spec)}`}
fi`,
    };
  },
});

function guard({ unless, creates }: Spec): Shell {
  if (creates !== undefined) return sh`{ [ -e ${creates} ] || [ -L ${creates} ]; }`;
  return sh`timeout -k 5 ${GUARD_SECONDS} ${unless ?? ['false']} </dev/null >/dev/null 2>&1`;
}

function asked({ unless, creates }: Spec): string {
  return creates === undefined ? shown(unless ?? []) : `${creates} does not exist`;
}

/** A command as a person would type it, on one line. */
function shown(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:@%+=,-]+$/.test(word) ? word : quoteAll([word]).replaceAll(/\s+/g, ' ')))
    .join(' ');
}
