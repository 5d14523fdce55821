import { describe, expect, it } from 'vitest';
import { capture } from '../../src/connect/capture.ts';
import { ForwardError } from '../../src/connect/connection.ts';
import { recordingConnection } from '../../src/connect/recording.ts';
import { openAsRoot } from '../../src/connect/root.ts';
import { ConnectError } from '../../src/errors.ts';
import { sh } from '../../src/quote.ts';
import { scriptedAsk } from './keys.ts';

describe('the recording connection', () => {
  it('answers by script and keeps commands and their input', async () => {
    const fake = recordingConnection({
      answersAtOnce: false,
      reply: ({ command, stdin }) => ({ stdout: `${command} got ${stdin}`, stderr: 'e', code: 4 }),
    });
    expect(await capture(fake, sh`run ${'it'}`, 'input')).toEqual({
      code: 4,
      stdout: "run 'it' got input",
      stderr: 'e',
    });
    expect(fake.recorded).toEqual([{ command: "run 'it'", stdin: 'input' }]);
  });

  it('can lose the connection, and refuses what was not scripted', async () => {
    const fake = recordingConnection({
      reply: ({ command }) => (command === 'lose' ? { lost: true } : undefined),
    });
    await expect(capture(fake, sh`lose`)).rejects.toBeInstanceOf(ConnectError);
    await expect(capture(fake, sh`surprise`)).rejects.toThrow('No reply was scripted for: surprise');
  });

  it('plays the host to openAsRoot', async () => {
    const fake = recordingConnection({ reply: () => ({ stdout: 'program output' }) });
    const channel = await openAsRoot(fake, sh`program`, { sudo: 'auto', ask: scriptedAsk({}) });
    const chunks: Buffer[] = [];
    for await (const chunk of channel.stdout) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('program output');
  });

  it('records forwards and refuses them unless scripted', async () => {
    const fake = recordingConnection({ reply: () => ({}) });
    await expect(fake.forward('box', 80, 1)).rejects.toBeInstanceOf(ForwardError);
    expect(fake.forwards).toEqual(['box:80']);
    await fake.close();
    await expect(fake.exec(sh`true`)).rejects.toBeInstanceOf(ConnectError);
  });
});
