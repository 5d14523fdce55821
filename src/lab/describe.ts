/** Putting a lab's state together. */
import { type LabKeys, WITH_SSH } from './keys.ts';
import { ADDRESSES, DOMAIN } from './network.ts';
import { NODES, type NodeName, netnsPath } from './places.ts';
import type { LabAcme, LabState } from './state.ts';
import { USERS } from './users.ts';

export function describe(
  { name, release, scenario }: Pick<LabState, 'name' | 'release' | 'scenario'>,
  keys: LabKeys,
  acme: LabAcme,
): LabState {
  const { identityFile, knownHostsFile } = keys;
  const withSsh = (node: NodeName): boolean => WITH_SSH.some((one) => one === node);
  return {
    v: 1,
    name,
    release,
    ...(scenario === undefined ? {} : { scenario }),
    nodes: NODES.map((node) => ({
      name: node,
      addresses: ADDRESSES[node],
      ...(withSsh(node)
        ? { ssh: { user: 'root', host: ADDRESSES[node][0] ?? '', port: 22, identityFile } }
        : {}),
    })),
    knownHostsFile,
    namespaces: Object.fromEntries(NODES.map((node) => [node, netnsPath(name, node)])) as Record<
      NodeName,
      string
    >,
    users: {
      root: {},
      ...Object.fromEntries(
        USERS.map(({ name, password }) => [name, password === undefined ? {} : { password }]),
      ),
    },
    domain: DOMAIN,
    acme,
  };
}
