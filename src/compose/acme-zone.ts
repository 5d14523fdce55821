import { UserError } from '../errors.ts';
import type { Secret } from '../secrets/secret.ts';
import type { OtherRole, RecipeContext } from './recipe.ts';

/** The key by which the agent changes zones for challenges, in this host's own name server. */
export const ACME_KEY = { name: 'hostwright-acme', algorithm: 'hmac-sha256' } as const;

/** Where a CA looks for the answer to a challenge by DNS (RFC 8555 §8.4): a wildcard and its domain share one place. */
export function challengeZone(name: string): string {
  return `_acme-challenge.${name.replace(/^\*\./, '')}`;
}

/** The zones that have the answers for these names, each once, in their order. Pure. */
export function challengeZones(names: readonly string[]): readonly string[] {
  return [...new Set(names.map(challengeZone))];
}

/**
 * The names that another role wants certified by DNS through the host's own name server (`tls: { acme, challenge: dns }`):
 * those that people reach it by, and those that it names besides. Pure.
 */
export function acmeDnsNames({ input, names }: Pick<OtherRole, 'input' | 'names'>): readonly string[] {
  const tls = fieldOf(input, 'tls');
  if (fieldOf(tls, 'challenge') !== 'dns') return [];
  const further = fieldOf(tls, 'names');
  const all = [...names, ...(Array.isArray(further) ? further : [])];
  return all.filter((name): name is string => typeof name === 'string' && name.includes('.'));
}

/** How the agent changes the zones of challenges here; `way` is a `ChallengeWay` whose secret is not told yet. */
export interface OwnDnsChallenge {
  readonly type: 'dns-01';
  readonly server: string;
  readonly port: number;
  readonly key: { readonly name: string; readonly algorithm: 'hmac-sha256'; readonly secret: Secret };
  readonly zones: Readonly<Record<string, string>>;
}

/**
 * The way to show by this host's own name server that names are ours.
 * @param names to be certified
 * @throws {UserError} when no role of the host is a name server
 */
export function ownDnsChallenge(
  { role, others, secret }: Pick<RecipeContext<unknown>, 'role' | 'others' | 'secret'>,
  names: readonly string[],
): OwnDnsChallenge {
  const server = others.find(({ recipe }) => recipe === 'dns');
  if (!server)
    throw new UserError({
      message: `‘${role}’ is to prove its names by the dns role of this host, and there is none.`,
      hint: 'Add a dns role, or name a server that takes signed updates: challenge: { server: ns.example.org, key: NAME }, or a program: challenge: { hook: /usr/local/bin/… }.',
    });
  return {
    type: 'dns-01',
    // The view of this machine has the very zone that the internet sees.
    server: '127.0.0.1',
    port: 53,
    key: { ...ACME_KEY, secret: acmeSecret(secret, server.role) },
    zones: Object.fromEntries(names.map((name) => [name, challengeZone(name)])),
  };
}

/** The key's secret: it is the name server's, and roles with certificates know it too. */
function acmeSecret(secret: RecipeContext<unknown>['secret'], of: string): Secret {
  return secret(`tsig-${ACME_KEY.name}`, { kind: 'hex', length: 64, of });
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
