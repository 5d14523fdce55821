/** Everything on this computer that carries the name of a lab. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is left of a lab, as lines a person can read; empty when nothing is. */
export function remainsOf(name: string): string[] {
  const prefix = `hw-${name}-`;
  const folder = `/var/lib/hostwright/lab/${name}`;
  return [
    ...names('/run/netns', prefix),
    ...names('/run/systemd/nspawn/propagate', prefix),
    ...names('/run/systemd/nspawn/unix-export', prefix),
    ...names('/var/lib/hostwright/lab', `.${name}.`),
    ...(existsSync(folder) ? [folder] : []),
    ...lines('/proc/self/mountinfo').filter((line) => line.includes(prefix) || line.includes(folder)),
    ...lines('/proc/self/mountinfo')
      .map((line) => join(line.split(' ')[4] ?? '', 'hostwright-lab', name))
      .filter((path) => existsSync(path)),
    ...processesNaming(prefix, folder, `/hostwright-lab/${name}/`),
  ];
}

/** Names of the locks that nspawn holds for the machines of a running lab. */
export function nspawnLocks(name: string): string[] {
  const folder = join('/var/lib/hostwright/lab', name);
  return names(folder, '')
    .map((node) => join(node, 'root.lock-name'))
    .filter((file) => existsSync(file))
    .map((file) => join('/run/systemd/nspawn/locks', readFileSync(file, 'utf8').trim()));
}

/** Processes whose command line or control group has one of these texts. Zombies do not count: they have ended, and only wait for PID 1 to take notice. */
export function processesNaming(...marks: readonly string[]): string[] {
  return names('/proc', '')
    .filter((path) => /^\/proc\/\d+$/.test(path) && path !== `/proc/${process.pid}`)
    .filter((path) => !/^State:\s+Z/m.test(read(join(path, 'status'))))
    .flatMap((path) => {
      const text = `${read(join(path, 'cmdline')).replaceAll('\0', ' ')} ${read(join(path, 'cgroup'))}`;
      return marks.some((mark) => text.includes(mark)) ? [`${path}: ${text}`] : [];
    });
}

function names(folder: string, prefix: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((entry) => entry.startsWith(prefix))
    .map((entry) => join(folder, entry));
}

const lines = (file: string): string[] => read(file).split('\n');

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
