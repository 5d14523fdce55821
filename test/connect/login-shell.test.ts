import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forLoginShell } from '../../src/connect/login-shell.ts';
import { quote, sh } from '../../src/quote.ts';

/** Shells that this computer has; sh itself is always among them. */
const SHELLS = ['sh', 'bash', 'dash', 'fish', 'tcsh', 'zsh'].filter((shell) => {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const anyText = fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => !text.includes('\0'));
const nasty = fc
  .array(
    fc.constantFrom(
      "'",
      '"',
      '\\',
      '!',
      '\n',
      '\r',
      '$',
      '`',
      '*',
      '~',
      '#',
      ';',
      '&',
      'ü',
      '\t',
      ' ',
      '%',
      'a',
      '0',
      '-',
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.join(''));
const text = fc.oneof(anyText, nasty);

function output(file: string, args: readonly string[]): string {
  return execFileSync(file, args, { encoding: 'utf8' });
}

describe('quote', () => {
  it('gets any text through a real sh unchanged', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(output('sh', ['-c', `printf %s ${quote(value)}`])).toBe(Buffer.from(value).toString());
      }),
      { numRuns: 150 },
    );
  });

  it('refuses a NUL byte', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
  });
});

describe('forLoginShell', () => {
  it.each(SHELLS)(
    'gets any text through %s as login shell unchanged',
    (shell) => {
      fc.assert(
        fc.property(text, (value) => {
          const line = forLoginShell(sh`printf %s ${value}`);
          expect(output(shell, ['-c', line])).toBe(Buffer.from(value).toString());
        }),
        { numRuns: 60 },
      );
      // A process for each text, which a busy machine takes its time for.
    },
    300_000,
  );

  it('uses only what all login shells read alike', () => {
    fc.assert(
      fc.property(text, (value) => {
        const line = forLoginShell(sh`printf %s ${value}`);
        expect(line).toMatch(/^[ -~]*$/);
        expect(line).not.toMatch(/!|\\(?!0)/);
        // Quotes only open and close a word: none is escaped.
        expect(line).toMatch(/^[^']*('[^']*'[^']*)*$/);
      }),
    );
  });

  it('keeps a plain command readable', () => {
    expect(forLoginShell(sh`echo ${'ready'}; exec cat`)).toBe(
      `exec sh -c 'exec sh -c "$(printf %b "$1")"' sh 'echo \\0047ready\\0047; exec cat'`,
    );
    expect(forLoginShell(sh`id -un; exec cat`)).toBe("exec sh -c 'id -un; exec cat'");
  });

  it('carries a long program', () => {
    const program = `${'# a line that is not short at all, repeated often\n'.repeat(1200)}echo end`;
    expect(output('sh', ['-c', forLoginShell(sh`eval ${program}`)])).toBe('end\n');
  });
});
