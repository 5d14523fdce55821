import type { HostSession, Summary } from '../apply/session.ts';
import { readRollbackOfAll } from '../apply/undo/read.ts';
import type { Report } from '../check/report.ts';
import { capture } from '../connect/capture.ts';
import type { Connection } from '../connect/connection.ts';
import { HostError, InterruptedError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { planObject } from '../plan/render-json.ts';
import { sh } from '../quote.ts';
import { differences, type Manifest, manifestScript, parseManifest } from './manifest.ts';
import { reboot } from './reboot.ts';
import { type Rehearsal, type Stage, type StageName, withUnreached } from './stage.ts';
import { overcome } from './trouble.ts';

/** The lab's box and what can be done with it. */
export interface RehearsalWorld {
  /** Opens a session with the box: connected, root, facts read. */
  open(): Promise<HostSession>;
  /** A plain connection to the box, as root. */
  connect(): Promise<Connection>;
  check(session: HostSession): Promise<Report>;
  /** A script that prepares the machine, as text. */
  readonly before?: string;
  /** What happens to the network once everything was found reachable. */
  readonly trouble?: { readonly happened: string; happen(): Promise<void> };
  /** The machine stays, to be looked at: after the rollback it is set up once more. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  started(name: StageName): Promise<void>;
  /** `error` is what made the stage fail, if it is more than the detail says. */
  ended(stage: Stage, error?: unknown): Promise<void>;
}

/** A stage that ended, but not as it should. */
class StageFailure extends HostError {}

/**
 * Goes through the stages on a lab that is up. What fails is a finding; later stages still run where that makes sense.
 * @param done stages that are behind us
 * @throws {UserError} when the host file is wrong on this machine; {InterruptedError} after Ctrl-C.
 */
export async function rehearse(world: RehearsalWorld, done: readonly Stage[]): Promise<Rehearsal> {
  const stages = [...done];
  let plan: Plan | undefined;
  let report: Report | undefined;
  const run = async (name: StageName, work: () => Promise<string>): Promise<boolean> => {
    const stage = await runStage(world, name, work);
    stages.push(stage);
    return stage.ok;
  };
  const { before } = world;
  const prepared = before === undefined || (await run('before', () => prepare(world, before)));
  const bare = prepared ? await readManifest(world) : undefined;
  const applied =
    prepared &&
    (await run('apply', async () => {
      const { changed } = await applyOnce(world, (made) => {
        plan = made;
      });
      return count(changed);
    }));
  if (applied) {
    await run('apply again', () => applyAgain(world));
    const back = await run('reboot', () => rebootAndPlan(world));
    if (back) {
      const { trouble } = world;
      const reachable = await run('check', async () => {
        report = await withSession(world, world.check);
        return describeReport(report);
      });
      if (reachable && trouble) {
        await run('trouble', async () => {
          const { after, seconds } = await overcome(trouble.happen, (work) =>
            withSession(world, (session) => work(() => world.check(session))),
          );
          report = after;
          if (!after.ok) throw new StageFailure(`${trouble.happened}; after ${seconds} s ${inWords(after)}`);
          return `${trouble.happened}; reachable again after ${seconds} s`;
        });
      }
      if (bare) await run('rollback', () => rollback(world, bare));
      if (world.keep) await applyOnce(world, () => undefined).catch(() => undefined);
    }
  }
  const all = withUnreached(stages, world.trouble !== undefined);
  const ok = all.every((stage) => stage.ok);
  return { v: 1, ok, stages: all, check: report ?? null, plan: plan ? planObject(plan) : null };
}

async function runStage(world: RehearsalWorld, name: StageName, work: () => Promise<string>): Promise<Stage> {
  if (world.signal.aborted) throw new InterruptedError('The rehearsal was interrupted.');
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 100) / 10;
  await world.started(name);
  try {
    const stage: Stage = { name, ok: true, detail: await work(), seconds: seconds() };
    await world.ended(stage);
    return stage;
  } catch (error) {
    // Usage and Ctrl-C are no findings about the machine; a bug of ours is none either.
    if (!(error instanceof HostError) || error instanceof InterruptedError) throw error;
    const [detail = ''] = error.message.split('\n');
    const stage: Stage = { name, ok: false, detail, seconds: seconds() };
    await world.ended(stage, error instanceof StageFailure ? undefined : error);
    return stage;
  }
}

async function prepare(world: RehearsalWorld, script: string): Promise<string> {
  const connection = await world.connect();
  try {
    // From a file, so that the script's own programs cannot read it away as their input.
    const command = sh`f=$(mktemp) && cat >"$f" && chmod 700 "$f" || exit 126
case $(head -c 2 "$f") in '#!') "$f" ;; *) sh "$f" ;; esac </dev/null; c=$?; rm -f "$f"; exit $c`;
    const { code, stdout, stderr } = await capture(connection, command, script);
    if (code === 0) return 'the script ran';
    throw new HostError(`The script given with --before ended with ${code ?? 'a signal'}.`, {
      output: `${stdout}${stderr}`,
      hint: 'Mend the script; it runs as root on a bare machine, without a terminal.',
    });
  } finally {
    await connection.close();
  }
}

async function applyOnce(world: RehearsalWorld, planned: (plan: Plan) => void): Promise<Summary> {
  return withSession(world, async (session) => {
    const plan = await session.plan();
    planned(plan);
    const summary = await session.apply(plan);
    if (summary.failed > 0) {
      throw new StageFailure(
        `${summary.changed} changed, ${summary.failed} failed, ${summary.skipped.length} not reached`,
      );
    }
    return summary;
  });
}

/** Nothing is left to do after an apply: otherwise a recipe fights with the machine, or with itself. */
async function applyAgain(world: RehearsalWorld): Promise<string> {
  return withSession(world, async (session) => {
    const plan = await session.plan();
    requireNothing(plan, 'a second apply would change');
    const { roundTrips, changed } = await session.apply(plan);
    if (changed > 0) throw new StageFailure(`the second apply changed ${count(changed)}`);
    return `0 changes, ${roundTrips} exchanges with the machine`;
  });
}

async function rebootAndPlan(world: RehearsalWorld): Promise<string> {
  const { units, addresses } = await reboot(world.connect, world.signal);
  await withSession(world, async (session) => requireNothing(await session.plan(), 'the reboot undid'));
  const lost = addresses.length > 0 ? `; without its address ${addresses.join(', ')}` : '';
  const failed = units.length > 0 ? `; not started: ${units.join(', ')}` : '';
  return `came back as it was, 0 changes${lost}${failed}`;
}

/** Everything that was there before is there again, byte for byte, and nothing else. */
async function rollback(world: RehearsalWorld, bare: Manifest): Promise<string> {
  const { changed, failed } = await withSession(world, async (session) => {
    const plan = await readRollbackOfAll(session);
    return plan ? session.apply(plan) : { changed: 0, failed: 0 };
  });
  if (failed > 0) throw new StageFailure(`${changed} taken back, ${failed} failed`);
  const now = await readManifest(world);
  const [first, ...more] = differences(bare, now);
  if (first !== undefined) {
    throw new StageFailure(`not as before: ${first}${more.length > 0 ? ` and ${more.length} more` : ''}`);
  }
  return `${count(changed)} taken back; ${now.files.size} paths are as before`;
}

async function readManifest(world: RehearsalWorld): Promise<Manifest> {
  const connection = await world.connect();
  try {
    const { code, stdout, stderr } = await capture(connection, sh`sh -s`, manifestScript.text);
    if (code !== 0) throw new HostError('What is on the machine could not be read.', { output: stderr });
    return parseManifest(stdout);
  } finally {
    await connection.close();
  }
}

function requireNothing({ changes }: Plan, what: string): void {
  const [first] = changes;
  if (!first) return;
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : '';
  throw new StageFailure(`${what} ${first.id} (${first.summary})${more}`);
}

function describeReport(report: Report): string {
  if (!report.ok) throw new StageFailure(inWords(report));
  return inWords(report);
}

function inWords({ results }: Report): string {
  const good = results.filter((result) => result.ok).length;
  return `${good} of ${results.length} as they should be`;
}

async function withSession<Value>(
  world: RehearsalWorld,
  work: (session: HostSession) => Promise<Value>,
): Promise<Value> {
  const session = await world.open();
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

function count(changes: number): string {
  return `${changes} ${changes === 1 ? 'change' : 'changes'}`;
}
