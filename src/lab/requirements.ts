/** What the lab takes from this computer. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** A program or file, and the package of Debian and Ubuntu that has it. */
export interface Requirement {
  readonly name: string;
  readonly package: string;
}

const PROGRAMS: Readonly<Record<string, string>> = {
  'systemd-nspawn': 'systemd-container',
  'systemd-socket-activate': 'systemd',
  mmdebstrap: 'mmdebstrap',
  gpg: 'gpg',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
  bash: 'bash',
  'ssh-keygen': 'openssh-client',
};

const FILES: Readonly<Record<string, string>> = {
  '/usr/share/keyrings/debian-archive-keyring.gpg': 'debian-archive-keyring',
};

/**
 * What is not there, looked for on `path` and where root has its programs.
 * @param also further programs that are wanted, each with its package
 */
export function missing(
  path = process.env.PATH ?? '',
  also: Readonly<Record<string, string>> = {},
): Requirement[] {
  const folders = [...path.split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  const programs = Object.entries({ ...PROGRAMS, ...also }).filter(
    ([program]) => !folders.some((folder) => isProgram(join(folder, program))),
  );
  const files = Object.entries(FILES).filter(([file]) => !existsSync(file));
  return [...programs, ...files].map(([name, owner]) => ({ name, package: owner }));
}

/** The packages to install, each once. */
export function packagesOf(requirements: readonly Requirement[]): string[] {
  return [...new Set(requirements.map(({ package: owner }) => owner))].sort();
}

/** The command that installs packages here, as a person types it. */
export function installCommand(packages: readonly string[]): string {
  return `sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
