import type { HostNetwork } from '../compose/recipe.ts';
import type { Target } from '../connect/connection.ts';
import { suggest } from '../suggest.ts';
import { readConnect } from './connect-key.ts';
import { type Finding, unknownKey, type Validated, validate } from './issues.ts';
import { nameSchema, networkSchema } from './schema.ts';
import { type MapTree, toValue } from './tree.ts';

/** Every key a host file may have, in the order in which they are written. */
export const KEYS = ['hostwright', 'host', 'connect', 'network', 'roles'] as const;

/** All of a host file but its roles, as far as it is valid. */
export interface Settings {
  readonly name: string | undefined;
  readonly connect: Target | undefined;
  readonly network: HostNetwork;
  readonly findings: readonly Finding[];
}

/**
 * Reads the keys at the top of a host file.
 * @param directory of the host file, absolute.
 * @param needsConnect false when `--connect` stands in for the file's own connection.
 */
export function readSettings(root: MapTree, directory: string, needsConnect: boolean): Settings {
  const findings: Finding[] = checkKeys(root, needsConnect);
  const keep = <Value>(read: Validated<Value> | undefined): Value | undefined => {
    if (read && 'value' in read) return read.value;
    findings.push(...(read?.problems ?? []));
    return undefined;
  };
  const at = (key: string) => root.entries.get(key)?.value;
  const [host, network, connect] = [at('host'), at('network'), at('connect')];
  const name = keep(host && validate(nameSchema, toValue(host), { root, path: ['host'] }));
  const found = keep(network && validate(networkSchema, toValue(network), { root, path: ['network'] }));
  return {
    name,
    connect: keep(connect && readConnect(root, connect, directory)),
    network: {
      lan: found?.lan ?? [],
      ...(found?.interface !== undefined && { interface: found.interface }),
      ...(found?.outside !== undefined && { outside: found.outside }),
    },
    findings,
  };
}

const MISSING = [
  ['host', 'host is missing: the name of the machine', 'Add a line such as: host: attic'],
  ['roles', 'roles is missing: what the machine should be', 'Add roles: and below it, for example, a site.'],
  [
    'connect',
    'connect is missing: how to reach the machine',
    'Add a line such as connect: { ssh: pi@192.168.1.20 }, or give --connect local.',
  ],
] as const;

function checkKeys(root: MapTree, needsConnect: boolean): Finding[] {
  const written = [...root.entries.keys()];
  const strange = written.filter((key) => !KEYS.some((known) => known === key));
  const meant = strange.map((key) => suggest(key, KEYS));
  const missing = MISSING.filter(([key]) => !written.includes(key) && !meant.includes(key));
  return [
    ...strange.map((key) => unknownKey(root, [key], KEYS)),
    ...missing
      .filter(([key]) => key !== 'connect' || needsConnect)
      .map(([, message, hint]): Finding => ({ at: root.at, message, hint, absent: true })),
  ];
}
