import type { Lan } from '../../src/compose/lan.ts';
import { portText } from '../../src/compose/port-range.ts';
import { HostError } from '../../src/errors.ts';
import type { FilteringChain } from '../../src/facts/firewall/chains.ts';
import type { Opening } from './openings.ts';

/**
 * What to say where somebody has made a firewall by hand: a second one that drops would kill what the first lets in, and
 * hostwright does not edit what it cannot put back.
 */
export function foreignFirewall(
  chains: readonly FilteringChain[],
  openings: readonly Opening[],
  lan: Lan,
): HostError {
  const [first] = chains;
  const where = first ? `chain ${first.chain} of table ${first.family} ${first.table}: ${first.because}` : '';
  const more = chains.length > 1 ? ` (and ${chains.length - 1} more)` : '';
  const lines = openings.flatMap((opening) => nftLines(opening, lan));
  const text = lines.map((line) => `    ${line}`).join('\n');
  return new HostError(
    `This machine has a firewall that was made by hand (${where}${more}), and hostwright does not add a second.`,
    {
      hint: [
        'Either leave it as it is: take the role "firewall" out of the host file and let these in yourself (nft syntax):',
        text,
        '  or remove that firewall, also from what loads it at boot, and apply again.',
      ].join('\n'),
    },
  );
}

function nftLines(opening: Opening, lan: Lan): string[] {
  const { protocol, to, why } = opening;
  const rule = `${protocol} dport ${portText(opening)} accept comment "${why}"`;
  if (to !== 'lan') return to === 'anyone' ? [rule] : [];
  const ranges = [...lan.ranges, ...lan.prefixes];
  const four = ranges.filter((range) => !range.includes(':'));
  const six = ranges.filter((range) => range.includes(':'));
  return [
    ...(four.length > 0 ? [`ip saddr { ${four.join(', ')} } ${rule}`] : []),
    ...(six.length > 0 ? [`ip6 saddr { ${six.join(', ')} } ${rule}`] : []),
  ];
}
