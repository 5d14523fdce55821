import { describe, expect, it } from 'vitest';
import { program } from '../../src/connect/program.ts';
import { RootShell } from '../../src/connect/root-shell.ts';
import { HostError } from '../../src/errors.ts';
import { sectionedScript, splitSections } from '../../src/observe/sections.ts';
import { sh } from '../../src/quote.ts';
import { shellChannel } from '../connect/shell-channel.ts';

const NONCE = 'abcdef0123456789';

async function run(sections: { name: string; script: ReturnType<typeof sh> }[]) {
  const shell = new RootShell(shellChannel(program.text), 'a test');
  try {
    const { output, errors } = await shell.read(sectionedScript(sections, NONCE));
    return { output, errors };
  } finally {
    shell.close();
  }
}

describe('sections of a script', () => {
  it('gives each section its own bytes', async () => {
    const sections = [
      { name: 'one', script: sh`printf 'a\nb'` },
      { name: 'none', script: sh`:` },
      { name: 'binary', script: sh`printf 'x\000y\n\n'` },
    ];
    const { output, errors } = await run(sections);
    const parts = splitSections(output, sections, NONCE, errors);
    expect(parts.get('one')?.toString()).toBe('a\nb');
    expect(parts.get('none')?.toString()).toBe('');
    expect(parts.get('binary')?.toString('latin1')).toBe('x\0y\n\n');
  });

  it('is not fooled by output that looks like a frame of another run', async () => {
    const sections = [{ name: 'one', script: sh`printf '\nffff end one 0\n'` }];
    const { output, errors } = await run(sections);
    expect(splitSections(output, sections, NONCE, errors).get('one')?.toString()).toBe('\nffff end one 0\n');
  });

  it('says which section failed, and what the host said', async () => {
    const sections = [{ name: 'one', script: sh`echo broken >&2; exit 7` }];
    const { output, errors } = await run(sections);
    const failure = (() => splitSections(output, sections, NONCE, errors)) as () => unknown;
    expect(failure).toThrow(HostError);
    expect(failure).toThrow(/‘one’ failed on the host \(status 7\)/);
  });

  it('never takes a missing section for an empty one', () => {
    expect(() => splitSections(Buffer.from('\n'), [{ name: 'one', script: sh`:` }], NONCE, '')).toThrow(
      /missing or incomplete/,
    );
  });

  it('runs nothing when the script was cut off', async () => {
    const sections = [{ name: 'one', script: sh`echo ran` }];
    const whole = sectionedScript(sections, NONCE).text;
    const shell = new RootShell(shellChannel(program.text), 'a test');
    const { output } = await shell.read(sh`eval ${whole.slice(0, -14)}`);
    shell.close();
    expect(output.toString()).not.toContain('ran');
  });
});
