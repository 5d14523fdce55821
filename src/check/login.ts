import { connectSsh } from '../connect/ssh.ts';
import { readLab } from '../lab/state.ts';
import type { Login } from './check.ts';

/** Logs in for real. A module of its own, so that checking from `self` and `here` loads nothing of ssh or the lab. */
export const login: Login = {
  connect: (target, ask) => connectSsh(target, { ask }),
  async labTarget(lab, node) {
    const { nodes, knownHostsFile } = await readLab(lab);
    const ssh = nodes.find(({ name }) => name === node)?.ssh;
    return ssh && { kind: 'ssh', backend: 'node-ssh', sudo: 'none', knownHostsFile, ...ssh };
  },
};
