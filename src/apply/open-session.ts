import { type Composition, compose } from '../compose/compose.ts';
import { connect } from '../connect/connect.ts';
import type { Connection } from '../connect/connection.ts';
import { rootSecrets } from '../connect/root-secrets.ts';
import { factsFor, knowingHostKey, readFacts, requireSupported } from '../facts/read-facts.ts';
import type { Host } from '../host/host.ts';
import { type Observations, observe } from '../observe/observe.ts';
import { makePlan, servicesOf } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { type Shell, sh } from '../quote.ts';
import { memoryStore } from '../secrets/memory-store.ts';
import { SessionSecrets, usesSecret } from '../secrets/session-secrets.ts';
import { type LabWorld, labWorld, publishOwnNames } from './lab-world.ts';
import { meetActiveRun } from './meet-active-run.ts';
import { keepMemory } from './memory.ts';
import { openShell } from './open-shell.ts';
import { type Parts, perform } from './perform.ts';
import { hostNotes } from './readiness.ts';
import { refuseInterrupted } from './refuse.ts';
import type { HostSession, OpenSession, SessionOptions } from './session.ts';

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
    const wanted = options.wanted ?? factsFor(host.roles);
    const read = async () => knowingHostKey(await readFacts(shell, wanted), connection.hostKeyType);
    const facts = await read();
    const note = requireSupported(facts, connection.target);
    options.listener({ event: 'connected', target: connection.target, os: facts.os.name });
    for (const text of [...(note ? [note] : []), ...hostNotes(facts, Date.now() / 1000)])
      options.listener({ event: 'note', text });
    const met = await meetActiveRun(shell, facts, read, options);
    const world = await labWorld(host);
    return session({ host, options, connection, shell, ...met, started, secrets }, world);
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

function session(parts: Parts, world: LabWorld | undefined): HostSession {
  const { host, options, shell, facts, followed } = parts;
  const vault = new SessionSecrets(options.secrets ?? memoryStore(), (text) =>
    options.listener({ event: 'note', text }),
  );
  const { closeUnlisted, only } = options;
  const composing = {
    closeUnlisted,
    secrets: vault.source,
    ...(only === undefined ? {} : { only }),
    ...(world ? { authorities: world.authorities } : {}),
  };
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
    ...(followed ? { followed } : {}),
    get composition() {
      return composition;
    },
    read,
    operate: (unit, script) => shell.read(asUnit(unit, script)),
    announce: (plan) => options.listener({ event: 'planned', plan }),
    async plan(decisions) {
      refuseInterrupted(options.signal);
      if (await vault.read()) composition = composed();
      if (!seen || !decisions) seen = observe(shell, composition);
      const told = { ...composition, notes: [...composition.notes, ...vault.notes()] };
      const made = makePlan(host.name, told, await seen, { ...options, ...decisions });
      const plan = await memory.comment(withServices(made, parts, world));
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
    ...(world ? { world } : {}),
    async apply(plan) {
      if (world) await publishOwnNames(host, certifiedNames(composition));
      return perform(parts, plan, memory, vault);
    },
    async close() {
      parts.shell.close();
      await parts.connection.close();
    },
  };
}

/** systemd owns it: it lives on when the connection does not, and a second one under that name is refused. */
function asUnit(unit: string, script: Shell): Shell {
  return sh`systemd-run --quiet --collect --wait --pipe ${`--unit=${unit}`} -- /bin/sh -c ${script.text}`;
}

/** With `--only`, reloads that are owed may be those of other roles' services: theirs is the word on their settings, too. */
function withServices(plan: Plan, { host, facts, options }: Parts, world?: LabWorld): Plan {
  if (options.only === undefined || plan.pending.length === 0) return plan;
  const { resources } = compose(host, facts, { closeUnlisted: options.closeUnlisted, ...world });
  return { ...plan, services: servicesOf(resources) };
}

/** Domain names that authorities are asked to certify. Pure. */
function certifiedNames({ resources }: Composition): readonly string[] {
  return resources.flatMap(({ resource }) => {
    if (resource.kind !== 'certificate') return [];
    const { source, names } = resource.spec as { readonly source: string; readonly names: readonly string[] };
    return source === 'acme' ? names.filter((name) => !name.startsWith('*.')) : [];
  });
}
