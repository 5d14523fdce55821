import { randomBytes } from 'node:crypto';
import type { Connection } from '../connect/connection.ts';
import type { RootSecrets } from '../connect/root-secrets.ts';
import type { RootShell } from '../connect/root-shell.ts';
import { ConnectError } from '../errors.ts';
import type { Facts } from '../facts/facts.ts';
import type { Host } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import type { SessionSecrets } from '../secrets/session-secrets.ts';
import { confirmByFreshConnection } from './confirm.ts';
import { follower } from './follow.ts';
import { journalBlobs, type RunRecord } from './journal.ts';
import { explainLoss, isGuarded } from './loss.ts';
import type { Memory } from './memory.ts';
import { openShell } from './open-shell.ts';
import { refuseUnready } from './readiness.ts';
import { reattach, resumable } from './reattach.ts';
import { refuseConflicts, refuseInterrupted, refuseUnproven } from './refuse.ts';
import { runScript } from './script.ts';
import type { Followed, SessionOptions, Summary } from './session.ts';
import { stopOnAbort } from './stop.ts';
import { summarise } from './summarise.ts';

/** What an open session consists of. */
export interface Parts {
  readonly host: Host;
  readonly options: SessionOptions;
  /** This and the shell: others once the first were lost and a run was followed over new ones. */
  connection: Connection;
  shell: RootShell;
  readonly facts: Facts;
  readonly followed?: Followed;
  /** Passwords given so far, so that a further channel asks nothing. */
  readonly secrets: RootSecrets;
  /** `performance.now()` when the session began. */
  readonly started: number;
}

/**
 * Runs a plan on the host and follows it to its end (exchange 3); with nothing to change it only tells so.
 * @throws {HostError} before anything is changed, when the plan cannot be run; {ConnectError} when the host was lost.
 */
export async function perform(
  parts: Parts,
  plan: Plan,
  memory: Memory,
  vault: SessionSecrets,
): Promise<Summary> {
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

/** Sorts by time, and says when. */
function newRunId(): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${randomBytes(3).toString('hex')}`;
}
