import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { library } from '../../src/apply/library.ts';
import { joinShell, sh } from '../../src/quote.ts';
import { apt } from '../../src/resources/package/apt.ts';

/** What apt-get printed (Debian 12 and 13), and what a person is told. */
const words: readonly { about: string; said: string; update?: string; told: RegExp }[] = [
  {
    about: 'an unknown name',
    said: 'Reading package lists...\nE: Unable to locate package ngnix\n',
    told: /^apt does not know ngnix on this host: check the name, or add the source that has it\.$/,
  },
  {
    about: 'two unknown names',
    said: "E: Unable to locate package b\nE: Package 'a' has no installation candidate\n",
    told: /^apt does not know a b on this host/,
  },
  {
    about: 'an unknown name that apt takes for a pattern',
    said: "E: Unable to locate package a.b\nE: Couldn't find any package by glob 'a.b'\n",
    told: /^apt does not know a\.b on this host/,
  },
  {
    about: 'an unknown name because the lists could not be fetched',
    said: 'E: Unable to locate package nginx\n',
    update:
      "Err:1 http://deb.debian.org/debian bookworm InRelease\n  Temporary failure resolving 'deb.debian.org'\n",
    told: /^apt does not know nginx .* Its lists could not be fetched: .*Temporary failure resolving 'deb\.debian\.org'\. The host has /,
  },
  {
    about: 'no network',
    said: "Err:1 http://deb.debian.org/debian bookworm/main amd64 jq\n  Temporary failure resolving 'deb.debian.org'\nE: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n",
    told: /^The packages could not be fetched: .*deb\.debian\.org.* The host must reach the servers named in/,
  },
  {
    about: 'a lock that another program holds, Debian 12',
    said: 'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4194999 (unattended-upgr)...\nE: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4194999 (unattended-upgr)\nN: Be aware that removing the lock file is not a solution and may break your system.\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n',
    told: /^Another program is installing packages, .*: unattended-upgr \(process 4194999\)\. Apply again when it is done\.$/,
  },
  {
    about: 'a lock that another program holds, Debian 13',
    said: 'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4194999 (apt-get)...\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n',
    told: /^Another program is installing packages, .*: apt-get \(process 4194999\)\./,
  },
  {
    about: 'a lock that was waited for, and another fault',
    said: 'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4194999 (apt-get)...\nE: Unable to locate package ngnix\n',
    told: /^apt does not know ngnix/,
  },
  {
    about: 'packages in the way',
    said: 'The following packages will be REMOVED:\n  exim4-base exim4-config\n  exim4-daemon-light\nThe following NEW packages will be installed:\n  postfix\nE: Packages need to be removed but remove is disabled.\n',
    told: /^apt would have to remove exim4-base exim4-config exim4-daemon-light, which hostwright does not do by itself/,
  },
  {
    about: 'a full disk',
    said: "E: You don't have enough free space in /var/cache/apt/archives/.\n",
    told: /^There is not enough free space on the disk of the host for the packages: \d+ kB are free on \/.*apt-get clean/,
  },
  {
    about: 'sources that do not fit together',
    said: 'The following packages have unmet dependencies:\n nginx : Depends: libc6 (>= 2.41) but 2.36 is to be installed\nE: Unable to correct problems, you have held broken packages.\n',
    told: /^apt finds no set of versions that fits together/,
  },
  {
    about: 'anything else',
    said: 'E: Sub-process /usr/bin/dpkg returned an error code (1)\n',
    told: /^apt failed: E: Sub-process \/usr\/bin\/dpkg returned an error code \(1\)$/,
  },
];

it.each(words)('explains $about', ({ said, update, told }) => {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-apt-'));
  try {
    for (const file of ['out', 'last']) writeFileSync(join(folder, file), said);
    if (update !== undefined) writeFileSync(join(folder, 'unfetched'), update);
    const script = joinShell([library, apt, sh`hw_log=${folder}`, sh`hw_explain`]);
    const { status, stderr } = spawnSync('dash', ['-eu', '-c', script.text], { encoding: 'utf8' });
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(told);
    expect(stderr).toContain(said.trimEnd().split('\n').at(-1));
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
