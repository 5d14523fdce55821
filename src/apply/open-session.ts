import { randomBytes } from 'node:crypto';
import { type Composition, compose } from '../compose/compose.ts';
import { connect } from '../connect/connect.ts';
import type { Connection } from '../connect/connection.ts';
import { program } from '../connect/program.ts';
import { openAsRoot } from '../connect/root.ts';
import { type RootSecrets, rootSecrets } from '../connect/root-secrets.ts';
import { RootShell } from '../connect/root-shell.ts';
import { ConnectError, HostError, InterruptedError } from '../errors.ts';
import type { Facts } from '../facts/facts.ts';
import { readFacts, requireSupported } from '../facts/read-facts.ts';
import type { Host } from '../host/host.ts';
import { type Observations, observe } from '../observe/observe.ts';
import { makePlan, servicesOf } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { memoryStore } from '../secrets/memory-store.ts';
import { SessionSecrets, usesSecret } from '../secrets/session-secrets.ts';
import { confirmByFreshConnection } from './confirm.ts';
import { follower, type RunOutcome } from './follow.ts';
import { journalBlobs, type RunRecord } from './journal.ts';
import { explainLoss, isGuarded } from './loss.ts';
import { keepMemory, type Memory } from './memory.ts';
import { hostNotes, refuseUnready } from './readiness.ts';
import { reattach, resumable } from './reattach.ts';
import { refuseConflicts, refuseInterrupted, refuseUnproven } from './refuse.ts';
import { runScript } from './script.ts';
import type { HostSession, OpenSession, SessionOptions, Summary } from './session.ts';
import { stopOnAbort } from './stop.ts';

/**
 * Connects, becomes root and reads the facts (exchange 1).
 * @throws {ConnectError} when the host cannot be reached, or does not let us in or become root.
 * @throws {HostError} when its system is not supported.
 */
export const openSession: OpenSession = async (host, options) => {
  const started = performance.now();
  options.listener({ event: 'connecting', target: describeTarget(host) });
  const connection = await (options.connection ?? connectTo(host, options));
  try {
    await offerKey(connection, options);
    const secrets = rootSecrets();
    const shell = await openShell(connection, host, options, secrets);
    let facts = await readFacts(shell);
    const note = requireSupported(facts, connection.target);
    options.listener({ event: 'connected', target: connection.target, os: facts.os.name });
    for (const text of [...(note ? [note] : []), ...hostNotes(facts, Date.now() / 1000)])
      options.listener({ event: 'note', text });
    facts = await meetActiveRun(shell, facts, options);
    return session({ host, options, connection, shell, facts, started, secrets });
  } catch (error) {
    await connection.close();
    throw error;
  }
};

function connectTo(host: Host, { ask, signal, acceptHostKey }: SessionOptions): Promise<Connection> {
  return connect(host.connect, { ask, signal, ...(acceptHostKey === undefined ? {} : { acceptHostKey }) });
}

/** After a login by password. Only `apply` writes on a host, be it a line in authorized_keys. */
async function offerKey(connection: Connection, { ask, attach }: SessionOptions): Promise<void> {
  if (!attach || !ask.interactive || !('byPassword' in connection) || connection.byPassword !== true) return;
  const { offerKeyInstall } = await import('../connect/install-key.ts');
  await offerKeyInstall(connection, { ask });
}

function describeTarget({ connect: target, connectFrom }: Host): string {
  const how = connectFrom === undefined ? '' : ` (as ${connectFrom} says)`;
  if (target.kind === 'ssh') return `${target.user ? `${target.user}@` : ''}${target.host}${how}`;
  return `${target.kind === 'local' ? 'this machine' : 'the box of the lab'}${how}`;
}

async function openShell(
  connection: Connection,
  host: Host,
  { ask }: SessionOptions,
  secrets: RootSecrets,
): Promise<RootShell> {
  const channel = await openAsRoot(connection, program, { sudo: host.connect.sudo, ask, secrets });
  return new RootShell(channel, connection.target);
}

/** A run that lost its controller goes on on the host: `apply` follows it to its end, other commands mention it. */
async function meetActiveRun(shell: RootShell, facts: Facts, options: SessionOptions): Promise<Facts> {
  const { active } = facts.runs;
  if (!active) return facts;
  const { listener, signal } = options;
  if (!options.attach) {
    listener({ event: 'note', text: `A run is going on there: ${active.owner} (${active.id}).` });
    return facts;
  }
  listener({ event: 'attached', run: active.id, owner: active.owner });
  const following = follower(undefined, { listener, confirm: () => undefined });
  await Promise.race([shell.attach(active.id, following.line), leftAlone(signal)]);
  const { status, changed, failed } = following.outcome();
  const end = status === 0 ? 'has ended well' : 'has ended with a failure';
  listener({ event: 'note', text: `That run ${end}: ${changed.length} changed, ${failed.length} failed.` });
  return readFacts(shell);
}

/** Ctrl-C while another's run is followed: only the following ends. */
function leftAlone(signal: AbortSignal): Promise<never> {
  const left = (): InterruptedError =>
    new InterruptedError('You no longer follow that run; it goes on on the host.', {
      hint: 'Run the same command again to see how it ended.',
    });
  return new Promise((_, reject) => {
    if (signal.aborted) reject(left());
    signal.addEventListener('abort', () => reject(left()), { once: true });
  });
}

interface Parts {
  readonly host: Host;
  readonly options: SessionOptions;
  /** This and the shell: others once the first were lost and a run was followed over new ones. */
  connection: Connection;
  shell: RootShell;
  readonly facts: Facts;
  /** Passwords given so far, so that a further channel asks nothing. */
  readonly secrets: RootSecrets;
  /** `performance.now()` when the session began. */
  readonly started: number;
}

function session(parts: Parts): HostSession {
  const { host, options, shell, facts } = parts;
  const vault = new SessionSecrets(options.secrets ?? memoryStore(), (text) =>
    options.listener({ event: 'note', text }),
  );
  const { closeUnlisted, only } = options;
  const composing = { closeUnlisted, secrets: vault.source, ...(only === undefined ? {} : { only }) };
  const composed = (): Composition => compose(host, facts, composing);
  let composition = composed();
  const read: HostSession['read'] = (script) => shell.read(script);
  const memory = keepMemory({ host, facts, options, read, composing, composition: () => composition });
  let seen: Promise<Observations> | undefined;
  return {
    host,
    get connection() {
      return parts.connection;
    },
    facts,
    get composition() {
      return composition;
    },
    read,
    announce: (plan) => options.listener({ event: 'planned', plan }),
    async plan(decisions) {
      refuseInterrupted(options.signal);
      if (await vault.read()) composition = composed();
      if (!seen || !decisions) seen = observe(shell, composition);
      const told = { ...composition, notes: [...composition.notes, ...vault.notes()] };
      const made = makePlan(host.name, told, await seen, { ...options, ...decisions });
      const plan = await memory.comment(withServices(made, parts));
      options.listener({ event: 'planned', plan });
      return plan;
    },
    async planPart(wanted) {
      const chosen = (): Composition => ({ ...composition, resources: composition.resources.filter(wanted) });
      if (chosen().resources.some(({ resource }) => usesSecret(resource.spec)) && (await vault.read()))
        composition = composed();
      const part = chosen();
      return makePlan(host.name, part, await observe(shell, part), { ...options, only: 'a part' });
    },
    apply: (plan) => apply(parts, plan, memory, vault),
    async close() {
      parts.shell.close();
      await parts.connection.close();
    },
  };
}

/** With `--only`, reloads that are owed may be those of other roles' services: theirs is the word on their settings, too. */
function withServices(plan: Plan, { host, facts, options }: Parts): Plan {
  if (options.only === undefined || plan.pending.length === 0) return plan;
  const { resources } = compose(host, facts, { closeUnlisted: options.closeUnlisted });
  return { ...plan, services: servicesOf(resources) };
}

async function apply(parts: Parts, plan: Plan, memory: Memory, vault: SessionSecrets): Promise<Summary> {
  refuseInterrupted(parts.options.signal);
  await memory.refuse(plan);
  refuseConflicts(plan);
  if (plan.changes.length === 0 && plan.pending.length === 0) {
    await vault.confirm(plan);
    return summarise(parts, plan, null, undefined);
  }
  const { host, options, connection, shell, secrets, facts } = parts;
  refuseUnproven(plan, { local: host.connect.kind === 'local', ask: options.ask, facts });
  await vault.save();
  const id = newRunId();
  const stateFiles = await memory.files(plan);
  const { script, blobs } = runScript(plan, { id, owner: options.owner, stateFiles });
  const content = [...journalBlobs(plan, recordOf(parts)), ...blobs];
  refuseUnready(facts, { script, blobs: content, steps: plan.steps.length });
  const total = content.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const over = new AbortController();
  const following = follower(plan, {
    listener: options.listener,
    confirm: (seconds) => {
      void confirmByFreshConnection({
        connection,
        run: id,
        seconds,
        local: host.connect.kind === 'local',
        ask: options.ask,
        over: over.signal,
        openShell: (fresh) => openShell(fresh, host, options, secrets),
      });
    },
  });
  stopOnAbort(id, {
    signal: options.signal,
    over: over.signal,
    listener: options.listener,
    openShell: () => openShell(parts.connection, host, options, secrets),
  });
  const lines = resumable(following.line);
  options.listener({ event: 'started', run: id, steps: plan.steps.length });
  try {
    await shell.run(
      {
        id,
        script,
        blobs: content,
        progress: (sent) => {
          bytes += sent;
          options.listener({ event: 'uploading', bytes, total });
        },
      },
      lines.line,
    );
  } catch (error) {
    const loss = explainLoss(error, plan, bytes === total);
    if (!(loss instanceof ConnectError) || bytes !== total || !isGuarded(plan)) throw loss;
    const { signal, listener } = options;
    const again = (fresh: Connection) => openShell(fresh, host, options, secrets);
    Object.assign(
      parts,
      await reattach(loss, { run: id, connection, lines, listener, signal, openShell: again }),
    );
  } finally {
    over.abort();
  }
  const outcome = following.outcome();
  if (outcome.status === 0) await vault.confirm(plan);
  return summarise(parts, plan, id, outcome);
}

function recordOf({ options, facts }: Parts): RunRecord {
  const { origin, only } = options;
  const client = facts.ssh.connection?.clientAddress;
  return {
    ...(origin === undefined ? {} : { origin }),
    ...(client === undefined ? {} : { client }),
    ...(only === undefined ? {} : { only }),
  };
}

function summarise(
  { options, shell, started }: Parts,
  plan: Plan,
  run: string | null,
  outcome: RunOutcome | undefined,
): Summary {
  if (outcome?.busy !== undefined) {
    throw new HostError(`Another run is going on on this host: ${outcome.busy}.`, {
      hint: 'Nothing was changed. Run the same command again: it follows that run to its end first.',
    });
  }
  const reached = new Set([
    ...(outcome?.changed ?? []),
    ...(outcome?.unchanged ?? []),
    ...(outcome?.failed ?? []),
  ]);
  const failed =
    outcome && outcome.status !== 0 && outcome.status !== 130 ? Math.max(1, outcome.failed.length) : 0;
  const summary: Summary = {
    event: 'summary',
    run,
    changed: outcome?.changed.length ?? 0,
    unchanged: plan.unchanged + (outcome?.unchanged.length ?? 0),
    failed,
    skipped: outcome ? plan.changes.map(({ id }) => id).filter((id) => !reached.has(id)) : [],
    seconds: Math.round(performance.now() - started) / 1_000,
    roundTrips: shell.exchanges,
  };
  options.listener(summary);
  if (outcome?.status === 130) {
    throw new InterruptedError('Stopped between two steps, as you asked. Everything before that is done.', {
      hint: 'Run the same command again to do the rest.',
    });
  }
  return summary;
}

/** Sorts by time, and says when. */
function newRunId(): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${randomBytes(3).toString('hex')}`;
}
