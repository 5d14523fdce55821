/** The lab's second entry: what runs as a process of its own, or as root for a user with sudo. */
import { HostError, UserError } from '../errors.ts';
import { isRelease } from './places.ts';
import type { HelperLine } from './root.ts';

const [verb, ...args] = process.argv.slice(2);
try {
  await main();
} catch (error) {
  say({ failed: described(error) });
  process.exitCode = 1;
}

async function main(): Promise<void> {
  if (verb === 'packages') {
    const { startPackageProxy } = await import('./packages/proxy.ts');
    // systemd-socket-activate passes the listening socket as the first descriptor after stderr.
    await startPackageProxy({ fd: 3 });
  } else if (verb === 'up') {
    const [name = '', release = '', scenario = '', before] = args;
    if (!isRelease(release)) throw new Error(`Unknown release ${release}`);
    const { labUp } = await import('./up.ts');
    const signal = stopped();
    const { scenarioName } = await import('./scenarios.ts');
    await labUp({
      name,
      release,
      report,
      signal,
      ...(scenario === '' ? {} : { scenario: scenarioName(scenario) }),
      ...(before === undefined ? {} : { before }),
    });
  } else if (verb === 'down') {
    const { labDown } = await import('./down.ts');
    await labDown({ name: args[0] ?? '', report });
  } else if (verb === 'address') {
    const { changeBoxAddress } = await import('./change-address.ts');
    await changeBoxAddress(args[0] ?? '', args[1]);
  } else {
    throw new Error(`Unknown part of the lab: ${verb}`);
  }
}

/** Aborted by the first Ctrl-C, or when whoever started us asks to stop. */
function stopped(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

function described(error: unknown): Extract<HelperLine, { failed: unknown }>['failed'] {
  if (error instanceof UserError) return { yours: true, message: error.message };
  if (error instanceof HostError) {
    return { yours: false, message: error.message, hint: error.hint, output: error.output };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { yours: false, message: 'This is a bug in hostwright', output: text };
}

function report(text: string): void {
  say({ report: text });
}

function say(line: HelperLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
