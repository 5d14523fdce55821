import { readFileSync } from 'node:fs';
import recipe from '../../../recipes/firewall/recipe.ts';
import type { ExposedEndpoint, Exposure, RecipeContext, RecipeParts } from '../../../src/compose/recipe.ts';
import { renderTemplate } from '../../../src/compose/templates.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { factProbes } from '../../../src/facts/registry.generated.ts';
import type { RulesetSpec } from '../../../src/resources/ruleset.ts';

type Loaded = Extract<RulesetSpec, { state: 'loaded' }>;

/** Facts of a machine that says nothing, with some of them replaced by what a probe would have printed. */
export function factsOf(outputs: Partial<Record<keyof typeof factProbes, string>> = {}): Facts {
  const entries = Object.entries(factProbes).map(([name, probe]) => [
    name,
    probe.parse(outputs[name as keyof typeof factProbes] ?? ''),
  ]);
  return Object.fromEntries(entries) as Facts;
}

/** What `ip` says on a machine with one interface and these addresses. */
export function networkOutput(...addresses: readonly string[]): string {
  const infos = addresses.map((address) => {
    const [local = '', length = ''] = address.split('/');
    return {
      family: local.includes(':') ? 'inet6' : 'inet',
      local,
      prefixlen: Number(length),
      scope: 'global',
    };
  });
  const link = { ifindex: 2, ifname: 'eth0', flags: ['UP', 'BROADCAST'], addr_info: infos };
  const route = { dst: 'default', gateway: '192.168.1.1', dev: 'eth0' };
  return `##addresses\n${JSON.stringify([link])}\n##routes4\n${JSON.stringify([route])}\n##routes6\n[]\n`;
}

export const HOME = networkOutput('192.168.1.20/24', 'fd00:1::20/64');

export const SSHD = 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))';

/** A home server with sshd, and other sockets as `ss` prints them. */
export function homeFacts(sockets: readonly string[] = [], firewall = ''): Facts {
  const ss = `##sockets\n${[SSHD, ...sockets].join('\n')}\n`;
  return factsOf({ network: HOME, listeners: ss, ssh: ss.replaceAll(/^(tcp|udp) +/gm, ''), firewall });
}

export function endpoint(
  role: string,
  port: number,
  expose: Exposure,
  protocol: 'tcp' | 'udp' = 'tcp',
): ExposedEndpoint {
  return { role, name: 'main', protocol, port, expose, prove: { probe: protocol } };
}

type Given = Partial<
  Pick<RecipeContext<unknown>, 'endpoints' | 'facts' | 'network' | 'clientAddress' | 'closeUnlisted'>
> & {
  readonly input?: Readonly<Record<string, unknown>>;
};

/** Runs the recipe. */
export function compose({ input = {}, ...given }: Given = {}): RecipeParts {
  return recipe.resources({
    role: 'firewall',
    host: 'attic',
    input: recipe.inputs.parse(input),
    expose: 'host',
    facts: homeFacts(),
    network: { lan: [] },
    siblings: [],
    others: [],
    endpoints: [],
    closeUnlisted: false,
    authority: () => undefined,
    template: (name, data) => {
      const path = `templates/firewall/${name}.hbs`;
      return renderTemplate(path, readFileSync(path, 'utf8'), data);
    },
    folder: () => {
      throw new Error('the firewall has no folder');
    },
    secretTemplate: () => {
      throw new Error('there is no secret');
    },
    secret: () => {
      throw new Error('the firewall has no secret');
    },
    ...given,
  });
}

/** The spec of our own table, as the recipe declares it. */
export function rulesetOf(parts: RecipeParts): Loaded {
  const spec = parts.resources.find(({ kind }) => kind === 'ruleset')?.spec as RulesetSpec | undefined;
  if (spec?.state !== 'loaded') throw new Error('the recipe declares no table of ours');
  return spec;
}

/** The rules without comments and blank lines, trimmed. */
export function ruleLines(parts: RecipeParts): readonly string[] {
  return rulesetOf(parts)
    .rules.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
