import type { Lan } from '../../src/compose/lan.ts';
import { overlaps, portText } from '../../src/compose/port-range.ts';
import type { RecipeParts } from '../../src/compose/recipe.ts';
import type { Ufw, UfwRule } from '../../src/facts/firewall/ufw.ts';
import { MARK } from '../../src/resources/ufw/rule.ts';
import { kind as ufwRules } from '../../src/resources/ufw.ts';
import { mergeOpenings, type Opening } from './openings.ts';
import type { Port } from './ports.ts';

/** Rules inside ufw, where it is active. What it says about ports that the host file does not name stays its own affair. */
export function ufwParts(ufw: Ufw, openings: readonly Opening[], lan: Lan): RecipeParts {
  const wanted = mergeOpenings(openings.filter(({ to }) => to !== 'client'));
  const rules = wanted.flatMap(({ protocol, port, lastPort, to, why }) =>
    (to === 'anyone' ? [{ from: 'any', interface: '' }] : lanSources(lan)).map((source) => ({
      protocol,
      port,
      ...(lastPort === undefined ? {} : { lastPort }),
      why,
      ...source,
    })),
  );
  return {
    resources: [ufwRules.of({ ipv6: ufw.ipv6, rules }, { guarded: true })],
    notes: [...defaultNotes(ufw), ...wanted.flatMap((opening) => ownRuleNotes(ufw, opening))],
  };
}

/** ufw cannot follow a network that changes: the ones of now, and the one that never does. */
function lanSources({ interfaces, prefixes, ranges }: Lan): { from: string; interface: string }[] {
  const here = interfaces.flatMap((name) =>
    [...prefixes, 'fe80::/10'].map((from) => ({ from, interface: name })),
  );
  return [...here, ...ranges.map((from) => ({ from, interface: '' }))];
}

function defaultNotes({ incoming, ipv6 }: Ufw): NonNullable<RecipeParts['notes']> {
  return [
    {
      level: 'info',
      text: 'ufw is active: its own rules stay, and exposure becomes rules in it. Ports that the host file does not name are as ufw has them.',
    },
    ...(incoming === 'accept'
      ? [
          {
            level: 'warning' as const,
            text: 'ufw lets in everything that no rule forbids (ufw default allow incoming): nothing is closed.',
          },
        ]
      : []),
    ...(ipv6
      ? []
      : [
          {
            level: 'info' as const,
            text: 'ufw is set to leave IPv6 alone (IPV6=no): rules are for IPv4 only.',
          },
        ]),
  ];
}

/** Rules of the user's own that say something else about a port of ours. */
function ownRuleNotes({ rules }: Ufw, opening: Opening): NonNullable<RecipeParts['notes']> {
  const others = rules.filter((rule) => !rule.comment.startsWith(MARK) && concerns(rule, opening));
  const name = `${opening.protocol} ${portText(opening)} (${opening.why})`;
  const refused = others.some(({ action }) => action === 'deny' || action === 'reject');
  const wider =
    opening.to === 'lan' && others.some(({ action, from }) => action === 'allow' && /\/0$/.test(from));
  return [
    ...(refused
      ? [
          {
            level: 'warning' as const,
            text: `A rule of your own in ufw refuses ${name}, and it comes first: see \`ufw status numbered\`.`,
          },
        ]
      : []),
    ...(wider
      ? [
          {
            level: 'warning' as const,
            text: `A rule of your own in ufw lets everybody reach ${name}; the host file says LAN only. hostwright leaves your rule alone.`,
          },
        ]
      : []),
  ];
}

function concerns(rule: UfwRule, wanted: Port): boolean {
  if (rule.protocol !== 'any' && rule.protocol !== wanted.protocol) return false;
  if (rule.ports === 'any') return true;
  return rule.ports.split(',').some((part) => {
    const [low = '', high = low] = part.split(':');
    return overlaps({ port: Number(low), lastPort: Number(high) }, wanted);
  });
}
