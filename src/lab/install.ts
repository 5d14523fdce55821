/** Installing the Debian packages that the lab needs, without starting anything. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Ask } from '../connect/connection.ts';
import { HostError, UserError } from '../errors.ts';
import { type Shell, sh } from '../quote.ts';
import { installCommand, missing, packagesOf } from './requirements.ts';
import { asRoot, isRoot } from './root.ts';

export interface InstallOptions {
  readonly ask: Pick<Ask, 'confirm' | 'interactive'>;
  readonly report: (text: string) => void;
  /** Go ahead without asking; so it is when CI is set, too. */
  readonly yes?: boolean;
  /** Programs that are wanted besides what the lab needs, each with its package. */
  readonly also?: Readonly<Record<string, string>>;
}

/**
 * Installs what is missing, after saying what and asking. Does nothing when nothing is missing.
 * @throws {UserError} when nobody can be asked, when the answer is no, and on systems without apt.
 * @throws {HostError} when apt failed; it has said why on stderr.
 */
export async function installLabPackages({ ask, report, yes = false, also }: InstallOptions): Promise<void> {
  const packages = packagesOf(missing(process.env.PATH, also));
  if (packages.length === 0) return;
  if (!existsSync('/usr/bin/apt-get')) throw needs(packages, 'They can be installed here by hand only.');
  report(`The lab needs these Debian packages: ${packages.join(', ')}. They start no service.`);
  if (!yes && !process.env.CI) {
    if (!ask.interactive) throw needs(packages, `Install them with: ${installCommand(packages)}`);
    const question = `Install them now${isRoot() ? '' : ', with sudo'}?`;
    if (!(await ask.confirm(question)))
      throw needs(packages, `Install them with: ${installCommand(packages)}`);
  }
  const code = await apt(asRoot(['sh', '-c', script(packages).text]));
  if (code !== 0) throw new HostError(`Installing ${packages.join(', ')} failed: apt ended with ${code}`);
}

const needs = (packages: readonly string[], hint: string): UserError =>
  new UserError({ message: `The lab needs packages that are not installed: ${packages.join(', ')}`, hint });

/** apt's own words go to stderr: stdout may be JSON. */
function apt([program = '', ...args]: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: ['inherit', 2, 2] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 137));
  });
}

const MARK = '# Placed by hostwright while it installs packages; may be deleted';

/** policy-rc.d with 101 forbids every start (invoke-rc.d(8)). One of ours that a killed run left is replaced, another's stays. */
function script(packages: readonly string[]): Shell {
  return sh`policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ] || grep -qxF ${MARK} "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\n%s\nexit 101\n' ${MARK} > "$policy" && chmod 0755 "$policy" || exit
fi
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
apt-get update -q && apt-get install -q -y --no-install-recommends ${packages}`;
}
