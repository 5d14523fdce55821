/** The lab's second entry: what runs as a process of its own, or as root for a user with sudo. */
import { isRelease } from './places.ts';

const [verb, ...args] = process.argv.slice(2);

if (verb === 'packages') {
  const { startPackageProxy } = await import('./packages/proxy.ts');
  // systemd-socket-activate passes the listening socket as the first descriptor after stderr.
  await startPackageProxy({ fd: 3 });
} else if (verb === 'up') {
  const [name = '', release = '', before] = args;
  const { labUp } = await import('./up.ts');
  if (!isRelease(release)) throw new Error(`Unknown release ${release}`);
  await labUp({ name, release, report: say, ...(before === undefined ? {} : { before }) });
} else if (verb === 'down') {
  const { labDown } = await import('./down.ts');
  await labDown({ name: args[0] ?? '', report: say });
} else {
  throw new Error(`Unknown part of the lab: ${verb}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
