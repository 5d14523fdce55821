/** Being the person at the laptop of a lab: the system's own ssh, with the lab's key and known_hosts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { laptopArgv } from '../../../src/lab/enter.ts';
import { type RunResult, run } from '../../../src/lab/run.ts';
import type { LabState } from '../../../src/lab/state.ts';

export interface Login {
  readonly user: string;
  readonly host?: string;
  /** Log in by this password alone; by the lab's key if left out. */
  readonly password?: string;
}

/** Runs a command over ssh. Host keys have to be the known ones. */
export async function ssh(
  lab: LabState,
  { user, host, password }: Login,
  command: string,
  input = '',
): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-ssh-'));
  try {
    const askpass = join(folder, 'askpass');
    writeFileSync(askpass, '#!/bin/sh\nprintf "%s\\n" "$LAB_PASSWORD"\n', { mode: 0o700 });
    const box = lab.nodes.find(({ name }) => name === 'box');
    const key = box?.ssh?.identityFile ?? '';
    const ways =
      password === undefined
        ? ['-o', 'PasswordAuthentication=no', '-o', 'KbdInteractiveAuthentication=no', '-i', key]
        : ['-o', 'PubkeyAuthentication=no'];
    const argv = [
      ...['ssh', '-F', '/dev/null', '-o', `UserKnownHostsFile=${lab.knownHostsFile}`],
      ...[
        '-o',
        'GlobalKnownHostsFile=/dev/null',
        '-o',
        'StrictHostKeyChecking=yes',
        '-o',
        'IdentitiesOnly=yes',
      ],
      ...['-o', 'NumberOfPasswordPrompts=1', '-o', 'ConnectTimeout=10', ...ways],
      ...['-l', user, host ?? box?.addresses[0] ?? '', command],
    ];
    return await run(laptopArgv(lab, argv), {
      input,
      env: {
        HOME: folder,
        SSH_AUTH_SOCK: '',
        SSH_ASKPASS: askpass,
        SSH_ASKPASS_REQUIRE: 'force',
        LAB_PASSWORD: password ?? '',
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
