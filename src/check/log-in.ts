import type { Ask, Connection, SshTarget } from '../connect/connection.ts';
import { UserError } from '../errors.ts';
import type { PeerName } from './open-vantages.ts';

export interface LogInOptions {
  readonly ask: Ask;
  readonly signal: AbortSignal;
  /** The lab that names of its machines refer to. */
  readonly lab?: string;
}

/** Logs in to the machine behind a vantage. */
export type LogIn = (name: PeerName, options: LogInOptions) => Promise<Connection>;

/** By ssh: as the person would, or into the lab with the lab's own key and nothing of the person's configuration. */
export const logIn: LogIn = async (name, { ask, signal, lab }) => {
  const { connect } = await import('../connect/connect.ts');
  const options = { ask, signal };
  if (name.kind === 'peer') return connect(name.target, options);
  return connect(await labTarget(lab ?? '', name.name), { ...options, sshConfigFile: '/dev/null' });
};

async function labTarget(lab: string, node: string): Promise<SshTarget> {
  const { readLab } = await import('../lab/state.ts');
  const { nodes, knownHostsFile } = await readLab(lab);
  const ssh = nodes.find(({ name }) => name === node)?.ssh;
  if (!ssh) throw new UserError({ message: `The lab has no machine ${node} to log in to.` });
  return { kind: 'ssh', backend: 'node-ssh', sudo: 'none', knownHostsFile, ...ssh };
}
