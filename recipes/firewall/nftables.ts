import type { Lan } from '../../src/compose/lan.ts';
import { portText } from '../../src/compose/port-range.ts';
import type { RecipeContext, RecipeParts } from '../../src/compose/recipe.ts';
import { HostError } from '../../src/errors.ts';
import { kind as packages } from '../../src/resources/package.ts';
import { kind as ruleset } from '../../src/resources/ruleset.ts';
import { mergeOpenings, type Opening } from './openings.ts';

/** Our own table, for a machine that has no other firewall. */
export function nftablesResources(
  { host, template }: Pick<RecipeContext<unknown>, 'host' | 'template'>,
  openings: readonly Opening[],
  { lan, client, ping }: { readonly lan: Lan; readonly client: string | undefined; readonly ping: boolean },
): RecipeParts['resources'] {
  const { interfaces, ranges } = lan;
  const odd = interfaces.find((name) => !/^[A-Za-z0-9._@:-]{1,15}$/.test(name));
  if (odd !== undefined) {
    throw new HostError(`The interface "${odd}" has a name that a firewall rule cannot hold.`, {
      hint: 'Rename it, or name the interface of your LAN in the host file: network: { interface: eth0 }.',
    });
  }
  const rules = mergeOpenings(openings);
  const to = (audience: Opening['to']) => rules.filter((rule) => rule.to === audience).map(forTemplate);
  const clientRules = to('client');
  const clients = clientRules.length > 0 && client !== undefined ? [client] : [];
  return [
    packages.of({ name: 'nftables' }),
    ruleset.of(
      {
        state: 'loaded',
        rules: template('firewall.nft', {
          host,
          ping,
          lan: interfaces,
          ranges4: ranges.filter((range) => !range.includes(':')),
          ranges6: ranges.filter((range) => range.includes(':')),
          clients4: clients.filter((address) => !address.includes(':')).map((address) => `${address}/32`),
          clients6: clients.filter((address) => address.includes(':')).map((address) => `${address}/128`),
          lanRules: to('lan'),
          anyoneRules: to('anyone'),
          clientRules,
        }),
        script: template('firewall.sh', { interfaces: interfaces.join(' ') }),
        unit: template('hostwright-firewall.service', { lan: interfaces }),
        ...(interfaces.length > 0 ? { watcher: template('hostwright-firewall-lan.service', {}) } : {}),
      },
      { guarded: true },
    ),
  ];
}

function forTemplate(opening: Opening): Readonly<Record<string, unknown>> {
  return { protocol: opening.protocol, ports: portText(opening), why: opening.why };
}
