import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { follower } from '../../src/apply/follow.ts';
import { runScript } from '../../src/apply/script.ts';
import type { RunEvent } from '../../src/events.ts';
import type { Plan, PlannedStep } from '../../src/plan/plan.ts';
import { type Shell, Shell as ShellText, sh } from '../../src/quote.ts';
import type { Step } from '../../src/resources/kind.ts';
import { Sandbox } from './sandbox.ts';

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
  // systemd, as far as a run needs it: what it is asked is written down.
  box.program('systemd-run', `printf '%s\\n' "$*" >>${box.path}/timers`);
  box.program(
    'systemctl',
    `printf '%s\\n' "$*" >>${box.path}/systemctl
case $1 in is-active) [ -e ${box.path}/timers ] ;; is-system-running) cat ${box.path}/system 2>/dev/null || echo running ;; esac`,
  );
});
afterEach(() => box.remove());

interface Wanted {
  readonly guarded?: boolean;
  readonly change?: Shell;
  readonly undo?: Shell;
}

/** A step that makes a file with its name. */
function planned(name: string, { guarded = false, change, undo }: Wanted = {}): PlannedStep {
  const file = join(box.path, 'work', name);
  const step: Step = {
    converged: sh`[ -e ${file} ]`,
    unmoved: sh`:`,
    record: sh`:`,
    change: change ?? sh`: >${file}`,
    undo: undo ?? sh`rm -f -- ${file}`,
    remember: `made ${name}`,
  };
  const resource = { kind: 'test', id: `test:${name}`, spec: {}, notify: [], guarded };
  return {
    changes: [
      { change: { id: resource.id, role: 'r', kind: 'test', action: 'create', summary: '' }, resource, step },
    ],
  };
}

function planOf(...steps: PlannedStep[]): Plan {
  return {
    host: 'attic',
    changes: steps.flatMap(({ changes }) => changes.map(({ change }) => change)),
    steps,
    unchanged: 0,
    foreignTouched: [],
    pending: [],
    notes: [],
    endpoints: [],
    services: {},
  };
}

/** A run as the program of a session leaves it on the host. */
class Run {
  readonly id: string;
  readonly folder: string;
  readonly plan: Plan;
  constructor(id: string, ...steps: PlannedStep[]) {
    this.id = id;
    this.plan = planOf(...steps);
    this.folder = join(box.path, 'state/runs', id);
    for (const folder of ['blobs', 'before']) mkdirSync(join(this.folder, folder), { recursive: true });
    writeFileSync(
      join(this.folder, 'script'),
      box.moved(runScript(this.plan, { id, owner: id }).script.text),
    );
    writeFileSync(join(this.folder, 'events'), '');
  }
  start(...words: string[]) {
    return spawn('dash', [join(this.folder, 'script'), ...words], { stdio: 'ignore', detached: true });
  }
  /** To its end. */
  async finish(...words: string[]): Promise<void> {
    const child = this.start(...words);
    await new Promise((resolve) => child.on('close', resolve));
  }
  confirm(): void {
    writeFileSync(join(box.path, `run/confirmed-${this.id}`), '');
  }
  /** Resolves once the events hold these texts, each after the one before. */
  async says(...texts: string[]): Promise<void> {
    for (;;) {
      const events = readFileSync(join(this.folder, 'events'), 'utf8');
      if (texts.reduce((from, text) => (from < 0 ? from : events.indexOf(text, from)), 0) >= 0) return;
      await pause(20);
    }
  }
  get outcome() {
    const events: RunEvent[] = [];
    const following = follower(this.plan, {
      listener: (event) => events.push(event),
      confirm: () => undefined,
    });
    for (const line of readFileSync(join(this.folder, 'events'), 'utf8').split('\n')) following.line(line);
    return { ...following.outcome(), events };
  }
}

const made = (): string[] => readdirSync(join(box.path, 'work')).sort();
const remembered = (): string => {
  const file = join(box.path, 'state/remembered');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
const reason = (run: Run): string => {
  const event = run.outcome.events.find(({ event: name }) => name === 'reverted');
  return event?.event === 'reverted' ? event.reason : '';
};

describe('a guarded change', () => {
  it('is kept once it is confirmed, and remembered only then', async () => {
    const run = new Run('r1', planned('a', { guarded: true }), planned('b'));
    const child = run.start('run');
    const closed = new Promise((resolve) => child.on('close', resolve));
    await run.says('confirm\t');
    expect(remembered()).toBe('');
    run.confirm();
    await closed;
    expect(run.outcome).toMatchObject({ status: 0, changed: ['test:a', 'test:b'] });
    expect(remembered()).toBe('test:a\tmade a\ntest:b\tmade b\n');
    expect(readdirSync(join(box.path, 'state'))).not.toContain('unconfirmed');
  });

  it('is not taken for confirmed when the timer has undone it between two steps', async () => {
    const timer = sh`dash ${join(box.path, 'state/unconfirmed/r1/script')} revert timer`;
    // The timer fires while the second change waits: it has to wait for its end, then undoes both.
    const slow = sh`: >${join(box.path, 'work/b')}; ${timer} >/dev/null 2>&1 & sleep 0.3`;
    const run = new Run(
      'r1',
      planned('a', { guarded: true }),
      planned('b', { guarded: true, change: slow }),
      planned('c', { guarded: true, change: sh`sleep 1; : >${join(box.path, 'work/c')}` }),
      planned('d'),
    );
    await run.finish('run');
    expect(run.outcome.status).toBe(1);
    expect(made()).toEqual([]);
    expect(remembered()).toBe('');
    expect(reason(run)).not.toBe('');
  });

  it('is undone at once when its run is killed: nobody listens for a confirmation any more', async () => {
    const run = new Run('r1', planned('a', { guarded: true }));
    const child = run.start('run');
    await run.says('confirm\t');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await run.finish('ended');
    expect(made()).toEqual([]);
    expect(run.outcome).toMatchObject({ status: 137, failed: ['test:a'] });
    expect(reason(run)).toContain('killed');
  });

  it.each(['revert', 'ended'])(
    'is kept and remembered when the power fails just after the confirmation (%s)',
    async (verb) => {
      const run = new Run('r1', planned('a', { guarded: true }), planned('b'));
      const child = run.start('run');
      await run.says('confirm\t');
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      // The one rename that the confirmation is made of was still on its way to the disk, and nothing else after it.
      const revert = join(box.path, 'state/unconfirmed/r1');
      writeFileSync(join(revert, 'guarded'), '0\n');
      renameSync(join(revert, 'steps'), join(revert, 'kept'));
      await run.finish(verb, ...(verb === 'revert' ? ['boot'] : []));
      expect(made()).toEqual(['a']);
      expect(remembered()).toBe('test:a\tmade a\n');
      expect(existsSync(revert)).toBe(false);
    },
  );

  it('is left to the next start when the machine goes down', async () => {
    const run = new Run('r1', planned('a', { guarded: true }));
    const child = run.start('run');
    await run.says('confirm\t');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    writeFileSync(join(box.path, 'system'), 'stopping\n');
    await run.finish('ended');
    expect(made()).toEqual(['a']);
    await run.finish('revert', 'boot');
    expect(made()).toEqual([]);
    expect(reason(run)).toContain('restarted');
  });

  it('is undone as far as it can be, and what cannot be is said', async () => {
    const fails = planned('b', { guarded: true, undo: sh`echo 'the disk is full' >&2; exit 1` });
    const run = new Run(
      'r1',
      planned('a', { guarded: true }),
      fails,
      planned('c', { guarded: true, change: sh`exit 1` }),
    );
    await run.finish('run');
    expect(made()).toEqual(['b']);
    expect(reason(run)).toContain('not everything could be undone: the disk is full');
  });

  it('does not believe a word that was meant for an earlier change of the same run', async () => {
    const run = new Run('r1', planned('a', { guarded: true }), planned('b'), planned('c', { guarded: true }));
    const child = run.start('run');
    const closed = new Promise((resolve) => child.on('close', resolve));
    await run.says('confirm\t');
    run.confirm();
    await run.says('confirmed');
    run.confirm();
    await run.says('step-ended\t2\tchanged\t', 'confirm\t');
    rmSync(join(box.path, 'state/unconfirmed/r1/steps'), { force: true });
    await closed;
    expect(run.outcome).toMatchObject({ status: 1, changed: ['test:a', 'test:b'], failed: ['test:c'] });
  });
});

describe('the records of runs', () => {
  it('remember the step that was under way when its run was killed, if it had been made', async () => {
    const kill = new ShellText(`: >${join(box.path, 'work/a')}; kill -KILL $$`);
    const run = new Run('r1', planned('a', { change: kill }));
    await run.finish('run');
    await run.finish('ended');
    expect(run.outcome.status).toBe(137);
    expect(remembered()).toBe('test:a\tmade a\n');
  });

  it.each([
    ['it has said something in between', sh`hw_say 'waiting'`],
    ['the disk has lost what it said', sh`: >"$HW_RUN/events"`],
  ])('remember it although %s', async (_, before) => {
    const change = sh`: >${join(box.path, 'work/a')}; ${before}; kill -KILL $$`;
    const run = new Run('r1', planned('a', { change }));
    await run.finish('run');
    await run.finish('ended');
    expect(remembered()).toBe('test:a\tmade a\n');
  });

  it('do not speak of an apply of which not all could be written down', async () => {
    const run = new Run('r1', planned('a'));
    const stateFiles = ['host.yaml', 'meta.json'].map((name) => ({
      path: `applied/${name}`,
      blob: { name, sha256: name, size: 1, open: () => Readable.from([]) },
    }));
    const { script } = runScript(run.plan, { id: 'r1', owner: 'r1', stateFiles });
    writeFileSync(join(run.folder, 'script'), box.moved(script.text));
    // The other one did not arrive.
    writeFileSync(join(run.folder, 'blobs/meta.json'), '{}');
    await run.finish('run');
    expect(run.outcome.status).toBe(1);
    expect(existsSync(join(box.path, 'state/applied/meta.json'))).toBe(false);
    expect(made()).toEqual([]);
  });

  it('are put in order by the next run after a power cut', async () => {
    const cut = new Run('r1', planned('a', { change: new ShellText('kill -KILL $$') }));
    await cut.finish('run');
    writeFileSync(join(box.path, 'state/remembered'), 'test:x\tcut sho');
    const next = new Run('r2', planned('b'));
    await next.finish('run');
    expect(cut.outcome.status).toBe(137);
    expect(readFileSync(join(cut.folder, 'status'), 'utf8')).toBe('interrupted\n');
    expect(existsSync(join(cut.folder, 'blobs'))).toBe(false);
    expect(remembered()).toBe('test:x\tcut sho\ntest:b\tmade b\n');
    expect(next.outcome).toMatchObject({ status: 0, changed: ['test:b'] });
  });

  it('are in the order of the runs, whatever the clock says', async () => {
    const first = new Run('r2', planned('a'));
    await first.finish('run');
    const ahead = Math.floor(Date.now() / 1000) + 3_000;
    utimesSync(join(first.folder, 'owner'), ahead, ahead);
    const later = [new Run('r1', planned('b')), new Run('r0', planned('c'))];
    for (const run of later) await run.finish('run');
    expect(later.map(({ folder }) => statSync(join(folder, 'owner')).mtimeMs / 1000 - ahead)).toEqual([1, 2]);
  });

  it.each(['undo', 'redo'])('are not added to when a later run takes a step back (%s)', async (verb) => {
    const run = new Run('r1', planned('a', { undo: sh`hw_say 'taken back'` }));
    await run.finish('run');
    const later = new Run('r2', planned('b'));
    const before = readFileSync(join(run.folder, 'events'), 'utf8');
    await run.finish(verb, '0', '0', ...(verb === 'undo' ? ['r2'] : [join(run.folder, 'before'), 'r2']));
    expect(readFileSync(join(run.folder, 'events'), 'utf8')).toBe(before);
    expect(readFileSync(join(later.folder, 'events'), 'utf8')).toMatch(/^note\t/);
  });

  it('refuse a second run and name the first', async () => {
    const first = new Run('r1', planned('a', { guarded: true }));
    const child = first.start('run');
    const closed = new Promise((resolve) => child.on('close', resolve));
    await first.says('confirm\t');
    const second = new Run('r2', planned('b'));
    await second.finish('run');
    expect(second.outcome).toMatchObject({ status: 75, busy: 'r1' });
    first.confirm();
    await closed;
    expect(made()).toEqual(['a']);
  });
});
