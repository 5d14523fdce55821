import type { HostSession } from '../apply/session.ts';
import type { Ask } from '../connect/connection.ts';
import { InterruptedError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type AgentView, byHand } from './agent-view.ts';
import { attempt } from './attempt.ts';
import { mapBounded } from './bounded.ts';
import { fixFor } from './causes.ts';
import { diagnose, type Tried } from './diagnose.ts';
import { closedPorts, type Expectation, expectations, provable } from './expectations.ts';
import type { LogIn } from './log-in.ts';
import { type OpenedVantage, openVantages } from './open-vantages.ts';
import { type Placed, placeVantage, withUntried } from './place.ts';
import type { Report, ReportVantage, Result } from './report.ts';
import { isHereOnLan, type Surroundings, surroundings } from './surroundings.ts';
import type { Vantage } from './vantage.ts';
import { defaultVantages, readVantageNames } from './vantage-names.ts';
import { hereVantage } from './vantages/here.ts';

/** Channels that one connection carries at the same time. */
const AT_ONCE = 5;

export interface CheckOptions {
  readonly host: Host;
  readonly session: Pick<HostSession, 'facts' | 'composition' | 'connection' | 'world'>;
  /** Names of vantages as `--from` takes them; default: those that are at hand. */
  readonly from?: readonly string[];
  /** Only what this role serves: the others may not have been applied yet. */
  readonly only?: string;
  readonly ask: Ask;
  readonly signal: AbortSignal;
  /** What the agent on the host knows: it explains failures, and names the router's address outside. */
  readonly agent?: AgentView;
  /** Roots (PEM) that certificates may be issued by, beside those that are known everywhere: the lab's. */
  readonly roots?: readonly string[];
  /** Logs in to another machine; for tests. Default: by ssh. */
  readonly logIn?: LogIn;
}

/**
 * Tests from every vantage what must be reachable and what must be blocked. Changes nothing anywhere.
 * What the network does is a finding in the report, never an exception.
 * @throws {UserError} for a vantage that cannot exist; {InterruptedError} after Ctrl-C.
 */
export async function checkHost(options: CheckOptions): Promise<Report> {
  const { host, session, ask, signal } = options;
  const { outside } = host.network;
  const from = options.from ?? defaultVantages(host.connect, outside);
  const names = readVantageNames(from, host.connect, outside);
  const logIn = options.logIn ?? (await import('./log-in.ts')).logIn;
  const around = surroundings(session.facts, host.network);
  const lab = host.connect.kind === 'lab' ? host.connect.name : undefined;
  const opened = await openVantages(names, {
    self: session.connection,
    logIn: (name) => logIn(name, { ask, signal, ...(lab === undefined ? {} : { lab }) }),
    interactive: ask.interactive,
  });
  const over = new AbortController();
  try {
    signal.throwIfAborted();
    return await Promise.race([examine(options, opened, around), interruption(signal, over.signal)]);
  } catch (error) {
    if (signal.aborted) throw new InterruptedError('The check was interrupted; it had changed nothing.');
    throw error;
  } finally {
    over.abort();
    await Promise.allSettled(opened.map((one) => ('vantage' in one ? one.vantage.close() : undefined)));
  }
}

async function examine(
  { host, session, only, agent = {}, roots = session.world?.roots ?? [] }: CheckOptions,
  opened: readonly OpenedVantage[],
  around: Surroundings,
): Promise<Report> {
  const hereSources = await hereVantage().sources(around.addresses);
  const place = {
    lab: host.connect.kind === 'lab',
    // Over `local`, here is the host.
    hereOnLan: host.connect.kind === 'local' || isHereOnLan(hereSources.values(), around),
    ...(agent.ports?.externalAddress === undefined ? {} : { routerSays: agent.ports.externalAddress }),
  };
  const placed = await Promise.all(opened.map((one) => placeOne(one, around, place)));
  const usable = placed.filter((one): one is Placed => 'vantage' in one);
  const { endpoints, notes } = session.composition;
  const expected = expectations(
    [...provable(endpoints), ...closedPorts(notes)],
    usable.map((one) => one.place),
  ).filter(({ endpoint }) => only === undefined || endpoint.role === only);
  const tried = await Promise.all(usable.map((one) => tryAll(one.vantage, expected, roots)));
  const results = [
    ...placed.flatMap((one) => ('vantage' in one ? [] : [one.result])),
    ...diagnose(tried.flat(), agent),
  ];
  const typing = byHand(agent);
  return {
    v: 1,
    host: host.name,
    ok: results.every(({ ok }) => ok),
    vantages: placed.map((one) => ('place' in one ? withUntried(one, endpoints) : one.report)),
    results,
    ...(typing ? { byHand: typing } : {}),
  };
}

async function tryAll(
  vantage: Vantage,
  expected: readonly Expectation[],
  roots: readonly string[],
): Promise<Tried[]> {
  const mine = expected.filter((expectation) => expectation.vantage === vantage.name);
  return mapBounded(mine, AT_ONCE, async (expectation) => ({
    expectation,
    result: await attempt(expectation, vantage, roots),
  }));
}

interface Unusable {
  readonly report: ReportVantage;
  readonly result: Result;
}

async function placeOne(
  opened: OpenedVantage,
  around: Surroundings,
  options: Parameters<typeof placeVantage>[2],
): Promise<Placed | Unusable> {
  const { name } = opened;
  if ('failure' in opened) return unusable(name, opened.failure);
  try {
    return await placeVantage(opened.vantage, around, options);
  } catch (error) {
    const detail = (error as Error).message;
    return unusable(name, { cause: 'vantage-unreachable', detail, address: '', port: 22 });
  }
}

/** A vantage that cannot be used is a failure of the check: what was to be proven from there is not. */
function unusable(name: string, failure: Extract<OpenedVantage, { failure: unknown }>['failure']): Unusable {
  const { cause, detail, address, port } = failure;
  const context = { role: '', port, protocol: 'tcp', address, vantage: name, host: '' } as const;
  return {
    report: { name, address: '', sameLan: false, note: 'not tested from here: it could not be reached' },
    result: {
      id: `${name}:`,
      vantage: name,
      role: '',
      endpoint: '',
      address,
      port,
      protocol: 'tcp',
      expect: 'reachable',
      ok: false,
      ms: 0,
      steps: [{ name: 'vantage', ok: false, detail }],
      cause,
      fix: fixFor(cause, context),
    },
  };
}

/** Listens until it is `over`: many checks may be made under one signal. */
function interruption(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over });
  });
}
