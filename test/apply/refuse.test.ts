import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { journalBlob } from '../../src/apply/journal.ts';
import { refuseInterrupted, refuseUnproven } from '../../src/apply/refuse.ts';
import { stopOnAbort } from '../../src/apply/stop.ts';
import { program } from '../../src/connect/program.ts';
import { RootShell } from '../../src/connect/root-shell.ts';
import { InterruptedError, UserError } from '../../src/errors.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { sh } from '../../src/quote.ts';
import { shellChannel } from '../connect/shell-channel.ts';
import { Sandbox } from './sandbox.ts';

function planOf(guarded: boolean): Plan {
  const change = {
    id: 'ruleset:x',
    role: 'firewall',
    kind: 'ruleset',
    action: 'create',
    summary: 's',
  } as const;
  const resource = { kind: 'ruleset', id: change.id, spec: {}, notify: [], guarded };
  const step = { converged: sh`:`, unmoved: sh`:`, record: sh`:`, change: sh`:` };
  return {
    host: 'attic',
    changes: [{ ...change, diff: '-password old\n+password new' }],
    steps: [{ changes: [{ change, resource, step }] }],
    unchanged: 0,
    foreignTouched: [],
    pending: [],
    notes: [],
    endpoints: [],
    services: {},
  };
}

const ssh = { ports: [22], socketActivated: false };
const connection = { clientAddress: '192.168.1.5', serverAddress: '192.168.1.20', serverPort: 22 };
const nobody = { interactive: false };

describe('a change that could cut the way in, made on the machine itself', () => {
  it('is refused when nobody can say whether the way still works', () => {
    const way = { local: true, ask: nobody, facts: { ssh } };
    expect(() => refuseUnproven(planOf(true), way)).toThrow(UserError);
    expect(() => refuseUnproven(planOf(false), way)).not.toThrow();
  });

  it.each([
    ['a person is there to say so', { local: true, ask: { interactive: true }, facts: { ssh } }],
    [
      'somebody is logged in by ssh, whom the rules let in',
      { local: true, ask: nobody, facts: { ssh: { ...ssh, connection } } },
    ],
    ['it is another machine: a handshake proves it', { local: false, ask: nobody, facts: { ssh } }],
  ])('is made when %s', (_, way) => {
    expect(() => refuseUnproven(planOf(true), way)).not.toThrow();
  });
});

describe('Ctrl-C', () => {
  it('stops what has not begun', () => {
    expect(() => refuseInterrupted(AbortSignal.abort())).toThrow(InterruptedError);
    expect(() => refuseInterrupted(new AbortController().signal)).not.toThrow();
  });

  it('leaves word for a run as soon as there is a place for it', async () => {
    const box = new Sandbox();
    try {
      const [user, over] = [new AbortController(), new AbortController()];
      let resolve = (): void => {};
      let reject = (_: Error): void => {};
      const asked = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      stopOnAbort('r1', {
        signal: user.signal,
        over: over.signal,
        listener: (event) => reject(new Error(JSON.stringify(event))),
        openShell: async () => {
          const shell = new RootShell(shellChannel(program.text), 'a test');
          const { read } = shell;
          let times = 0;
          shell.read = async (script) => {
            times += 1;
            // The upload begins after the first attempt.
            if (times === 2) box.sh(sh`mkdir -p ${`${box.path}/state/runs/r1`}`);
            const answer = await read.call(shell, sh`sh -c ${box.moved(script.text)}`);
            if (answer.status === 0) resolve();
            return answer;
          };
          return shell;
        },
      });
      user.abort();
      await asked;
      expect(box.sh(sh`ls ${`${box.path}/state/runs/r1`}`).stdout.toString()).toBe('stop\n');
      over.abort();
    } finally {
      box.remove();
    }
  });
});

it('keeps no content in the journal', async () => {
  const journal = await text(journalBlob(planOf(true)).open());
  expect(JSON.parse(journal)).toMatchObject({ host: 'attic', changes: [{ id: 'ruleset:x' }] });
  expect(journal).not.toContain('password');
});
