import type { Lan } from '../../src/compose/lan.ts';
import { portText } from '../../src/compose/port-range.ts';
import { familyOf } from '../../src/facts/address.ts';
import type { ForwardContext, ForwardRule } from './inputs.ts';

/** One match on where a packet comes from; without interfaces on whatever interface it arrives. */
interface Source {
  readonly interfaces: readonly string[];
  /** Empty: everybody. */
  readonly networks: readonly string[];
}

/** What the template writes for one rule, or for one port of a range that has other numbers at the target. */
interface Line {
  readonly four: boolean;
  readonly protocol: 'tcp' | 'udp';
  readonly ports: string;
  readonly to: string;
  /** The target as a network of one address. */
  readonly target: readonly string[];
  /** Empty where the port stays. */
  readonly toPort: string;
  readonly from: readonly string[];
  readonly sources: readonly Source[];
}

/** The rules of a role, as its template takes them. */
export function linesOf({ input, expose }: ForwardContext, lan: Lan): readonly Line[] {
  return input.rules.flatMap((rule) => single(rule).map((one) => lineOf(one, expose, lan)));
}

/** nft picks any port of a range that it is given as target: so each is named, where the numbers differ. */
function single(rule: ForwardRule): readonly ForwardRule[] {
  const { port, lastPort = port, toPort = port } = rule;
  if (toPort === port || lastPort === port) return [rule];
  return Array.from({ length: lastPort - port + 1 }, (_, index) => ({
    ...rule,
    port: port + index,
    lastPort: undefined,
    toPort: toPort + index,
  }));
}

function lineOf(rule: ForwardRule, expose: ForwardContext['expose'], lan: Lan): Line {
  const { port, lastPort = port, toPort = port, to, protocol } = rule;
  const family = familyOf(to);
  const same = (networks: readonly string[]): readonly string[] =>
    networks.filter((network) => familyOf(network.split('/')[0] ?? '') === family);
  const from = same(rule.from);
  // Networks of the other family only: then nobody is left who may.
  const nobody = rule.from.length > 0 && from.length === 0;
  return {
    four: family === 4,
    protocol,
    ports: portText({ port, lastPort }),
    to,
    target: [`${to}/${family === 4 ? 32 : 128}`],
    toPort: toPort === port ? '' : `${toPort}`,
    from,
    sources: expose === 'host' || nobody ? [] : sourcesOf(expose, lan, same),
  };
}

function sourcesOf(
  expose: 'lan' | 'internet',
  { interfaces, prefixes, ranges }: Lan,
  same: (networks: readonly string[]) => readonly string[],
): readonly Source[] {
  if (expose === 'internet') return [{ interfaces: [], networks: [] }];
  const here = { interfaces, networks: same([...prefixes, 'fe80::/10']) };
  const named = { interfaces: [], networks: same(ranges) };
  return [...(interfaces.length > 0 ? [here] : []), named].filter(({ networks }) => networks.length > 0);
}
