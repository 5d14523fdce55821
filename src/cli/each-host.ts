import { UserError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { SecretStore } from '../secrets/store.ts';
import { plainLine } from '../ui/plain-text.ts';
import type { Context } from './context.ts';
import { createHostRun, type HostRun, type HostRunLook } from './host-run.ts';
import { enterLab } from './lab-entry.ts';
import { loadHosts } from './load-hosts.ts';
import { describeError, errorObject, exitCodeOf } from './report-error.ts';

/** Hosts worked on at the same time unless `--jobs` says otherwise. */
const JOBS = 4;

/** What {@link eachHost} is told by its command. */
export interface EachOptions {
  /** As typed after `--jobs`. */
  readonly jobs?: string;
  /** Questions will be asked: one host after the other. */
  readonly asks?: boolean;
  /** With `--json` the events are the output. */
  readonly events?: boolean;
  /** A command that needs no roles works without a host file when `--connect` is given. */
  readonly fileless?: boolean;
  /** Where each host's secrets come from; default: the vault beside its host file. */
  secretsFor?(host: Host): SecretStore;
}

/**
 * Runs a command's work on the host of every host file; one that fails does not keep the others from theirs.
 * A host of the lab is worked on from the lab's laptop, by hostwright started there.
 * @throws what the work throws, when there is only one host
 */
export async function eachHost(
  context: Context,
  files: readonly string[],
  options: EachOptions,
  work: (run: HostRun) => Promise<void>,
): Promise<void> {
  const jobs = parseJobs(options);
  const { hosts, early } = await loadHosts(context, files, options.fileless === true);
  const elsewhere = await enterLab(context, hosts);
  if (elsewhere !== undefined) return context.end(elsewhere);
  const lookFor = (host: Host): HostRunLook => {
    const secrets = options.secretsFor?.(host);
    return { events: options.events === true, ...(secrets ? { secrets } : {}) };
  };
  const [only] = hosts;
  if (only && hosts.length === 1)
    return workOn(context, only, { ...lookFor(only), ...(early ? { early } : {}) }, work);
  const queue = [...hosts];
  const worker = async (): Promise<void> => {
    for (let host = queue.shift(); host; host = queue.shift()) {
      const prefix = `${plainLine(host.name)}: `;
      await workOn(context, host, { ...lookFor(host), prefix }, work).catch((error) =>
        tell(context, host, error),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, hosts.length) }, worker));
}

async function workOn(
  context: Context,
  host: Host,
  look: HostRunLook,
  work: (run: HostRun) => Promise<void>,
): Promise<void> {
  const run = await createHostRun(context, host, look);
  try {
    await work(run);
  } finally {
    await run.end();
  }
}

function tell(context: Context, host: Host, error: unknown): void {
  const { paint, globals, json, warn, end } = context;
  warn(`${paint.strong(plainLine(host.name))}: ${describeError(error, { paint, verbose: globals.verbose })}`);
  if (globals.json) json({ ...errorObject(error), host: host.name });
  end(exitCodeOf(error));
}

function parseJobs({ jobs, asks }: EachOptions): number {
  if (jobs !== undefined && !/^[1-9]\d{0,2}$/.test(jobs)) {
    throw new UserError({
      message: `--jobs ${jobs} is no number of hosts.`,
      hint: 'It is how many hosts are worked on at the same time: --jobs 4',
    });
  }
  return asks ? 1 : Number(jobs ?? JOBS);
}
