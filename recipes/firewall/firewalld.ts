import type { Lan } from '../../src/compose/lan.ts';
import type { RecipeParts } from '../../src/compose/recipe.ts';
import type { Firewalld } from '../../src/facts/firewall/firewalld.ts';
import { kind as richRules } from '../../src/resources/firewalld.ts';
import { mergeOpenings, type Opening } from './openings.ts';

/** Rules inside firewalld, where it is running: in every zone that decides about packets from outside. */
export function firewalldParts(
  { zones, defaultZone }: Firewalld,
  openings: readonly Opening[],
  { lan, main }: { readonly lan: Lan; readonly main: string | undefined },
): RecipeParts {
  const wanted = mergeOpenings(openings.filter(({ to }) => to !== 'client'));
  const outside = new Set([...lan.interfaces, ...(main === undefined ? [] : [main])]);
  // A zone that is bound to senders comes before the zone of the interface; one that blocks its senders stays as it is.
  const bound = new Set(zones.flatMap(({ interfaces }) => interfaces));
  const unbound = [...outside].some((name) => !bound.has(name));
  const concerned = zones.filter(
    ({ name, interfaces, sources, target }) =>
      target === 'default' &&
      (interfaces.some((each) => outside.has(each)) ||
        sources.length > 0 ||
        (unbound && name === defaultZone)),
  );
  const rules = wanted.flatMap(({ protocol, port, lastPort, to, why }) =>
    (to === 'anyone' ? ['any'] : lanSources(lan)).map((from) => ({
      protocol,
      port,
      ...(lastPort === undefined ? {} : { lastPort }),
      from,
      why,
    })),
  );
  const names = concerned.map(({ name }) => name).sort();
  return {
    resources: names.map((zone) => richRules.of({ zone, rules }, { guarded: true })),
    notes: [
      {
        level: 'info',
        text: `firewalld is running: its own rules stay, and exposure becomes rules in ${names.length === 0 ? 'none of its zones: no zone has the interface of the LAN, or it accepts everything' : `its zone ${names.join(', ')}`}. Ports that the host file does not name are as firewalld has them.`,
      },
    ],
  };
}

/** Zones are about interfaces already: only the sender is left to match. */
function lanSources({ interfaces, prefixes, ranges }: Lan): readonly string[] {
  return [...new Set([...(interfaces.length > 0 ? [...prefixes, 'fe80::/10'] : []), ...ranges])];
}
