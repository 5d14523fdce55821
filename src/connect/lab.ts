import { ConnectError } from '../errors.ts';
import type { ConnectOptions } from './options.ts';
import type { SshConnection } from './route.ts';
import { connectSsh } from './ssh.ts';

/**
 * The box of a running lab, as root, by the lab's own key and known_hosts: nothing of the person's own ssh
 * configuration counts. Works only from within the laptop's network namespace.
 */
export async function connectLab(name: string, options: ConnectOptions): Promise<SshConnection> {
  const { readLab } = await import('../lab/state.ts');
  const lab = await readLab(name);
  const ssh = lab.nodes.find((node) => node.name === 'box')?.ssh;
  if (!ssh) {
    throw new ConnectError(`The lab ${name} has no box that can be reached by ssh.`, {
      hint: 'See "hostwright lab status", or start it anew: "hostwright lab down", "hostwright lab up".',
    });
  }
  const { user, host, port, identityFile } = ssh;
  const { knownHostsFile } = lab;
  return connectSsh(
    { kind: 'ssh', host, user, port, identityFile, knownHostsFile, backend: 'node-ssh', sudo: 'none' },
    { ...options, sshConfigFile: '/dev/null' },
  );
}
