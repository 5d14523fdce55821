import { UserError } from '../../src/errors.ts';
import type { Secret } from '../../src/secrets/secret.ts';
import type { DdnsContext } from './inputs.ts';

/** How names get their addresses: `way` of a `DdnsDeclaration`, whose secrets are not told yet. */
export type Way = Readonly<Record<string, unknown>>;

type ByUpdates = Exclude<DdnsContext['input']['provider'], 'duckdns'>;

/**
 * The way that the host file asks for.
 * @throws {UserError} for a secret that has to be set, or that is none of its kind
 */
export function wayOf(context: DdnsContext): Way {
  const { input } = context;
  if (input.provider === 'duckdns')
    return { type: 'duckdns', url: 'https://www.duckdns.org/update', token: duckToken(context) };
  const { server, port, zone, key: name, algorithm, ttl } = input.provider;
  return {
    type: 'rfc2136',
    server: server ?? '127.0.0.1',
    port,
    ...(zone === undefined ? {} : { zone }),
    key: { name, algorithm, secret: tsigSecret(context, input.provider) },
    ttl,
  };
}

function duckToken({ role, secret }: DdnsContext): Secret {
  const token = secret('token', { kind: 'token', brought: 'the token of DuckDNS, which its page shows' });
  if (/^[A-Za-z0-9_-]{8,100}$/.test(token.reveal())) return token;
  throw new UserError({
    message: `The secret ${role}/token in the vault is no token of DuckDNS: letters, digits and hyphens.`,
    hint: `Copy it from the page of DuckDNS: hostwright secrets set ${role}/token`,
  });
}

function tsigSecret(context: DdnsContext, { server, key, algorithm }: ByUpdates): Secret {
  const { role, secret } = context;
  const found =
    server === undefined
      ? secret(`tsig-${key}`, { kind: 'hex', length: 64, of: ownServer(context, key, algorithm) })
      : secret('key', {
          kind: 'hex',
          brought: `the secret of the key ${key}, by which the name server ${server} takes updates (base64)`,
        });
  const text = found.reveal();
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0) return found;
  throw new UserError({
    message: `The secret of the key ${key} in the vault is no key: a key of TSIG is written in base64.`,
    hint: `Give it the value that the server has: hostwright secrets set ${role}/key`,
  });
}

/** The role of this host that is a name server, and knows the key. */
function ownServer({ role, others }: DdnsContext, key: string, algorithm: string): string {
  const own = others.find(({ recipe }) => recipe === 'dns');
  if (!own)
    throw new UserError({
      message: `‘${role}’ names no server, and this host has no dns role.`,
      hint: 'Name the server that takes signed updates: provider: { server: ns1.example.net, key: home }. Or add a dns role.',
    });
  if (algorithm !== 'hmac-sha256')
    throw new UserError({
      message: `The keys of the role ‘${own.role}’ are for hmac-sha256.`,
      hint: 'Leave out algorithm.',
    });
  if (updateKeys(own.input).includes(key)) return own.role;
  throw new UserError({
    message: `No zone of the role ‘${own.role}’ is changed by the key ‘${key}’.`,
    hint: `Write it there: zones: [{ name: dyn.example.org, update: [${key}] }]`,
  });
}

/** `zones[].update` of a dns role. */
function updateKeys(input: unknown): readonly unknown[] {
  const { zones } = (input ?? {}) as { readonly zones?: unknown };
  if (!Array.isArray(zones)) return [];
  return zones.flatMap((zone: unknown) => {
    const { update } = (zone ?? {}) as { readonly update?: unknown };
    return Array.isArray(update) ? update : [];
  });
}
