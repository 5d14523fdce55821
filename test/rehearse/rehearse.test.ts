import { describe, expect, it, vi } from 'vitest';
import type { HostSession, Summary } from '../../src/apply/session.ts';
import type { Report } from '../../src/check/report.ts';
import type { Channel, Connection } from '../../src/connect/connection.ts';
import { ConnectError, InterruptedError, UserError } from '../../src/errors.ts';
import type { Change, Plan } from '../../src/plan/plan.ts';
import { type RehearsalWorld, rehearse } from '../../src/rehearse/rehearse.ts';
import type { Stage } from '../../src/rehearse/stage.ts';
import { fakeChannel } from './fake-channel.ts';

const change: Change = {
  id: 'file:/etc/motd',
  role: 'base',
  kind: 'file',
  action: 'update',
  summary: 'write 3 bytes',
};

/** Plans to come, in order; each is the changes of one session. */
interface Given {
  plans?: readonly (readonly Change[])[];
  summary?: Partial<Summary>;
  apply?: () => Promise<Summary>;
  report?: Partial<Report>;
  /** What the checks after the first one find. */
  later?: readonly (Partial<Report> | Error)[];
  trouble?: RehearsalWorld['trouble'];
  boots?: boolean;
  before?: string;
  signal?: AbortSignal;
  /** Accounts on the machine before everything, and after the rollback. */
  left?: readonly string[];
}

const manifest = (users: string): string => `users ${Buffer.from(users).toString('base64')}\n`;

function world(given: Given): RehearsalWorld & { readonly told: Stage[]; readonly ran: string[] } {
  const plans = [...(given.plans ?? [[change], [], []])];
  const [told, ran]: [Stage[], string[]] = [[], []];
  const later = [...(given.later ?? [])];
  let checks = 0;
  let boots = 0;
  let reads = 0;
  const summary: Summary = {
    ...{
      event: 'summary',
      run: 'x',
      changed: 1,
      unchanged: 0,
      failed: 0,
      skipped: [],
      seconds: 1,
      roundTrips: 3,
    },
    ...given.summary,
  };
  const session = {
    plan: () => Promise.resolve({ host: 'attic', changes: plans.shift() ?? [], ...EMPTY } as unknown as Plan),
    apply: (plan: Plan) =>
      given.apply?.() ??
      Promise.resolve(plan.changes.length > 0 ? summary : { ...summary, changed: 0, roundTrips: 2 }),
    read: () => Promise.resolve({ output: Buffer.alloc(0), status: 0, errors: '' }),
    close: () => Promise.resolve(),
  } as unknown as HostSession;
  const exec: Connection['exec'] = ({ text }): Promise<Channel> => {
    ran.push(text);
    if (text.includes('systemctl reboot') && given.boots !== false) boots += 1;
    if (text === 'sh -s') return fakeChannel(manifest(given.left?.[reads++] ?? ''));
    if (text.includes('mktemp')) return fakeChannel('', text.length > 0 && given.before === 'exit 3' ? 3 : 0);
    if (text.includes('boot_id')) return fakeChannel(`boot-${boots}\n`);
    if (text.includes('list-units')) {
      return fakeChannel('apt-daily.service loaded failed failed Daily\n##addresses\n2001:db8::2/64\n');
    }
    return fakeChannel('192.0.2.1/24\n2001:db8::2/64\n');
  };
  return {
    open: () => Promise.resolve(session),
    connect: () => Promise.resolve({ exec, close: () => Promise.resolve() } as unknown as Connection),
    check: async () => {
      const found = checks++ === 0 ? given.report : later.shift();
      if (found instanceof Error) throw found;
      return { v: 1, host: 'attic', ok: true, vantages: [], results: [], ...found };
    },
    ...(given.trouble === undefined ? {} : { trouble: given.trouble }),
    ...(given.before === undefined ? {} : { before: given.before }),
    keep: false,
    signal: given.signal ?? new AbortController().signal,
    started: () => Promise.resolve(),
    ended: async (stage) => {
      told.push(stage);
    },
    told,
    ran,
  };
}

const EMPTY = { steps: [], unchanged: 0, foreignTouched: [], pending: [], notes: [], endpoints: [] };
const up: Stage = { name: 'up', ok: true, seconds: 1, detail: 'up' };
const said = (stages: readonly Stage[]) =>
  stages.map(({ name, ok, detail }) => `${ok ? 'ok' : 'no'} ${name}: ${detail}`);

describe('rehearse', () => {
  it('goes through all stages, and names units and addresses that did not come back', async () => {
    const result = await rehearse(world({}), [up]);
    expect(result).toMatchObject({
      v: 1,
      ok: true,
      check: { ok: true },
      plan: { v: 1, changes: [{ id: change.id }] },
    });
    expect(said(result.stages)).toEqual([
      'ok up: up',
      'ok apply: 1 change',
      'ok apply again: 0 changes, 2 exchanges with the machine',
      'ok reboot: came back as it was, 0 changes; without its address 2001:db8::2/64; not started: apt-daily.service',
      'ok check: 0 of 0 as they should be',
      'ok rollback: 0 changes taken back; 0 paths are as before',
    ]);
  });

  it('has the trouble happen once all was reachable, and checks until it is again', async () => {
    let happened = 0;
    const trouble = { happened: 'the router restarted', happen: async () => void happened++ };
    const later = [{ ok: false }, new ConnectError('no route'), { ok: true }];
    const result = await rehearse(world({ trouble, later }), [up]);
    expect(result.ok).toBe(true);
    expect(happened).toBe(1);
    expect(said(result.stages).slice(-2)).toEqual([
      'ok trouble: the router restarted; reachable again after 2 s',
      'ok rollback: 0 changes taken back; 0 paths are as before',
    ]);
  });

  it('gives up a minute after the trouble, with what is found then, and does not begin where nothing was reachable', async () => {
    const start = performance.now();
    const clock = vi.spyOn(performance, 'now');
    const trouble = {
      happened: 'the router restarted',
      happen: async () => void clock.mockReturnValue(start + 61_000),
    };
    const given = { trouble, later: [{ ok: false, results: [] }] };
    clock.mockReturnValue(start);
    const late = await rehearse(world(given), [up]).finally(() => clock.mockRestore());
    expect(late).toMatchObject({ ok: false, check: { ok: false } });
    expect(said(late.stages).slice(-2)).toEqual([
      'no trouble: the router restarted; after 61 s 0 of 0 as they should be',
      'ok rollback: 0 changes taken back; 0 paths are as before',
    ]);
    const never = await rehearse(world({ ...given, report: { ok: false } }), [up]);
    expect(said(never.stages)).toContain('no trouble: not reached');
  });

  it('finds a recipe that is never done, and still reboots and checks', async () => {
    const result = await rehearse(world({ plans: [[change], [change, change], []] }), [up]);
    expect(result.ok).toBe(false);
    expect(said(result.stages)[2]).toBe(
      'no apply again: a second apply would change file:/etc/motd (write 3 bytes) and 1 more',
    );
    expect(result.stages.map(({ ok }) => ok)).toEqual([true, true, false, true, true, true]);
  });

  it('finds what a reboot undoes', async () => {
    const result = await rehearse(world({ plans: [[change], [], [change]] }), [up]);
    expect(said(result.stages)[3]).toBe('no reboot: the reboot undid file:/etc/motd (write 3 bytes)');
    expect(said(result.stages)[4]).toBe('no check: not reached');
  });

  it('stops where the machine is not as the rest needs it', async () => {
    const failed = await rehearse(world({ summary: { changed: 2, failed: 1, skipped: ['a', 'b'] } }), [up]);
    expect(said(failed.stages).slice(1)).toEqual([
      'no apply: 2 changed, 1 failed, 2 not reached',
      'no apply again: not reached',
      'no reboot: not reached',
      'no check: not reached',
      'no rollback: not reached',
    ]);
    expect(failed).toMatchObject({ ok: false, check: null, plan: { changes: [{ id: change.id }] } });
    const unprepared = await rehearse(world({ before: 'exit 3' }), [up]);
    expect(said(unprepared.stages)[1]).toBe('no before: The script given with --before ended with 3.');
    expect(unprepared.plan).toBeNull();
  });

  it('makes findings of what the host does, and passes on what is not about the host', async () => {
    const throwing = (error: Error) => rehearse(world({ apply: () => Promise.reject(error) }), [up]);
    const result = await throwing(new ConnectError('gone\nmore'));
    expect(said(result.stages)[1]).toBe('no apply: gone');
    await expect(throwing(new UserError({ message: 'bad input' }))).rejects.toThrow(UserError);
    await expect(throwing(new InterruptedError('stop'))).rejects.toThrow(InterruptedError);
    await expect(throwing(new TypeError('a bug'))).rejects.toThrow(TypeError);
  });

  it('reports a check that fails', async () => {
    const results = [{ ok: false }, { ok: true }] as unknown as Report['results'];
    const { ok, stages, check } = await rehearse(world({ report: { ok: false, results } }), [up]);
    expect(said(stages).at(-2)).toBe('no check: 1 of 2 as they should be');
    expect({ ok, results: check?.results }).toEqual({ ok: false, results });
  });

  it('finds what a rollback leaves behind', async () => {
    const { ok, stages } = await rehearse(world({ left: ['pi:x:1', 'pi:x:1\nmysql:x:2\nbind:x:3'] }), [up]);
    expect(ok).toBe(false);
    expect(said(stages).at(-1)).toBe('no rollback: not as before: + users: bind x:3 and 1 more');
  });

  it('stops between stages, and while it waits for a machine that does not come back', async () => {
    const controller = new AbortController();
    const stuck = world({ boots: false, signal: controller.signal });
    const running = rehearse(stuck, [up]);
    const aborted = expect(running).rejects.toThrow(InterruptedError);
    const waiting = setInterval(() => {
      if (stuck.ran.filter((text) => text.includes('boot_id')).length > 1) controller.abort();
    }, 5);
    await aborted;
    clearInterval(waiting);
    await expect(rehearse(world({ signal: AbortSignal.abort() }), [up])).rejects.toThrow(InterruptedError);
  });
});
