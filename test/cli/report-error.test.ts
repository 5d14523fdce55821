import { describe, expect, it } from 'vitest';
import { describeError, errorObject, exitCodeOf } from '../../src/cli/report-error.ts';
import { ConnectError, HostError, InterruptedError, UserError } from '../../src/errors.ts';
import { PLAIN } from '../../src/ui/paint.ts';

const text = (error: unknown, verbose = false): string => describeError(error, { paint: PLAIN, verbose });

const user = new UserError([
  {
    message: 'unknown key "conect"',
    at: { file: 'host.yaml', line: 3, column: 1 },
    hint: 'Did you mean "connect"?',
  },
  { message: 'the host is missing', at: { file: 'host.yaml' } },
]);
const output = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');

describe('what a person reads', () => {
  it('is every problem with its place and its hint', () => {
    expect(text(user)).toBe(
      'host.yaml:3:1: unknown key "conect"\n  Did you mean "connect"?\nhost.yaml: the host is missing',
    );
  });

  it('is what the host said, its end only unless verbose', () => {
    const error = new HostError('nginx rejected it', { output, hint: 'Look at line 3.' });
    expect(text(error)).toMatch(/^nginx rejected it\n {2}… 28 earlier lines \(--verbose\)/);
    expect(text(error)).toContain('│ line 39');
    expect(text(error).endsWith('  Look at line 3.')).toBe(true);
    expect(text(error, true)).toContain('│ line 0');
  });

  it('calls a bug a bug, with its stack only when verbose', () => {
    const bug = new TypeError('x is not a function');
    expect(text(bug)).toContain('bug in hostwright');
    expect(text(bug)).not.toContain('report-error.test');
    expect(text(bug, true)).toContain('report-error.test');
  });

  it('holds no control sequence of a host', () => {
    const evil = '\u001b]0;owned\u0007';
    for (const error of [
      new HostError(evil, { output: evil, hint: evil }),
      new UserError({ message: evil, hint: evil }),
      new Error(evil),
    ])
      expect(text(error, true)).not.toMatch(/[\u001b\u0007]/);
  });
});

describe('the exit code', () => {
  it.each([
    [user, 2, 'usage'],
    [new HostError('no'), 1, 'host'],
    [new ConnectError('no'), 4, 'connect'],
    [new InterruptedError('no'), 130, 'interrupted'],
    [new Error('no'), 1, 'bug'],
    ['thrown text', 1, 'bug'],
  ])('of %s is %i', (error, code, kind) => {
    expect(exitCodeOf(error)).toBe(code);
    expect(errorObject(error)).toMatchObject({ v: 1, event: 'error', exitCode: code, kind });
  });
});
