import { HostError } from '../errors.ts';
import { joinShell, type Shell, sh } from '../quote.ts';

/** One part of a script whose output is told apart from the others'. */
export interface Section {
  readonly name: string;
  readonly script: Shell;
}

/**
 * Joins scripts into one. Each runs in a subshell; its output is framed by lines that carry `nonce`, so that nothing a
 * host prints can be taken for a frame. The whole is a function called on the last line: truncated input runs nothing.
 */
export function sectionedScript(sections: readonly Section[], nonce: string): Shell {
  const parts = sections.map(
    ({ name, script }) => sh`printf '\n%s begin %s\n' ${nonce} ${name}
(
${script}
)
printf '\n%s end %s %s\n' ${nonce} ${name} "$?"`,
  );
  return sh`hw_sections() {
:
${joinShell(parts)}
}
hw_sections`;
}

/**
 * Takes the output of {@link sectionedScript} apart again.
 * @throws {HostError} when a section is missing, incomplete or failed: a missing answer is never "nothing there".
 */
export function splitSections(
  output: Buffer,
  sections: readonly Section[],
  nonce: string,
  errors: string,
): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  let from = 0;
  for (const { name } of sections) {
    const begin = Buffer.from(`\n${nonce} begin ${name}\n`);
    const end = Buffer.from(`\n${nonce} end ${name} `);
    const start = output.indexOf(begin, from);
    const stop = start < 0 ? -1 : output.indexOf(end, start + begin.length - 1);
    if (stop < 0) {
      throw new HostError(`The host's answer about ‘${name}’ is missing or incomplete.`, {
        output: errors.trim(),
      });
    }
    const status = /^\d+/.exec(output.toString('latin1', stop + end.length, stop + end.length + 4))?.[0];
    if (status !== '0') {
      throw new HostError(`Reading ‘${name}’ failed on the host (status ${status ?? 'unknown'}).`, {
        output: errors.trim(),
      });
    }
    found.set(name, output.subarray(start + begin.length, Math.max(stop, start + begin.length)));
    from = stop + end.length;
  }
  return found;
}
