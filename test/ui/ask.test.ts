import { describe, expect, it } from 'vitest';
import { sshPasswordQuestion, sudoPasswordQuestion } from '../../src/connect/questions.ts';
import { InterruptedError, UserError } from '../../src/errors.ts';
import { createAsk } from '../../src/ui/ask.ts';
import { createTerminal } from './terminal.ts';

const ssh = sshPasswordQuestion({ user: 'pi', host: 'attic', port: 22 });
const sudo = sudoPasswordQuestion('pi', 'attic');

const ask = (env: Readonly<Record<string, string>>, interactive = false) => {
  const terminal = createTerminal();
  const { signal } = new AbortController();
  return { ...createAsk({ interactive, env, output: terminal.stream, signal }), text: terminal.text };
};

describe('questions without a terminal', () => {
  it('are answered by the environment, each by its own variable', async () => {
    const { secret } = ask({ HOSTWRIGHT_SSH_PASSWORD: 'one', HOSTWRIGHT_SUDO_PASSWORD: 'two' });
    expect(await secret(ssh)).toBe('one');
    expect(await secret(sudo)).toBe('two');
  });

  it('are usage errors that name the variable, never the secret of another question', async () => {
    const { secret } = ask({ HOSTWRIGHT_SSH_PASSWORD: 'one' });
    await expect(secret(sudo)).rejects.toThrow('HOSTWRIGHT_SUDO_PASSWORD');
    await expect(secret(sudo)).rejects.toBeInstanceOf(UserError);
    await expect(secret('What is your token?')).rejects.toBeInstanceOf(UserError);
  });

  it('draw nothing', async () => {
    const { confirm, text } = ask({});
    await expect(confirm('Go on?')).rejects.toBeInstanceOf(UserError);
    expect(text()).toBe('');
  });
});

describe('questions on a terminal', () => {
  it('broken off are an interruption, not a bug', async () => {
    const controller = new AbortController();
    const { stream } = createTerminal();
    const { confirm } = createAsk({ interactive: true, env: {}, output: stream, signal: controller.signal });
    const answer = confirm('Go on?');
    controller.abort();
    await expect(answer).rejects.toBeInstanceOf(InterruptedError);
  });
});
