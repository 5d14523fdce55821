import { isIPv6 } from 'node:net';
import type { SshTarget, Target } from '../connect/connection.ts';
import { type Problem, UserError } from '../errors.ts';
import { readSshPlace } from '../host/target.ts';

/** The machines of the lab that can be tested from, besides the laptop that hostwright runs as there. */
const LAB_NODES = ['phone', 'internet'] as const;

/** The vantage from which the router and the provider are seen from outside. */
export const INTERNET = 'internet';

/** A vantage as it was asked for. */
export type VantageName =
  | { readonly kind: 'self'; readonly name: 'self' }
  | { readonly kind: 'here'; readonly name: 'here' }
  | { readonly kind: 'lab'; readonly name: (typeof LAB_NODES)[number] }
  | { readonly kind: 'peer'; readonly name: string; readonly target: SshTarget };

/** Where to test from when nobody says: everywhere that is at hand. */
export function defaultVantages(connect: Target, outside?: string): readonly string[] {
  if (connect.kind === 'lab') return ['self', 'here', ...LAB_NODES];
  // Over `local` hostwright runs on the host: `here` would be `self` once more.
  const own = connect.kind === 'local' ? ['self'] : ['self', 'here'];
  return outside === undefined ? own : [...own, INTERNET];
}

/**
 * Reads what `--from` names: `self`, `here`, `ssh://user@peer[:port]`, `internet=ssh://user@peer`, `internet` where the
 * host file's `network.outside` says which machine that is, and in the lab `phone` and `internet`.
 * @throws {UserError} with all of those that are not possible.
 */
export function readVantageNames(names: readonly string[], connect: Target, outside?: string): VantageName[] {
  const read = [...new Set(names)].map((name) => readName(name, connect, outside));
  const problems = read.filter((one): one is Problem => 'message' in one);
  if (problems.length > 0) throw new UserError(problems);
  return read.filter((one): one is VantageName => !('message' in one));
}

function readName(name: string, connect: Target, outside: string | undefined): VantageName | Problem {
  if (name === 'self') return { kind: 'self', name };
  if (name === 'here') return { kind: 'here', name };
  const given = name.startsWith(`${INTERNET}=`) ? sshTarget(name.slice(INTERNET.length + 1)) : undefined;
  if (given) return { kind: 'peer', name: INTERNET, target: given };
  const place = outside === undefined ? undefined : readSshPlace(outside);
  if (name === INTERNET && connect.kind !== 'lab' && place && 'host' in place)
    return { kind: 'peer', name, target: { kind: 'ssh', ...place, backend: 'auto', sudo: 'none' } };
  const node = LAB_NODES.find((candidate) => candidate === name);
  if (node) return connect.kind === 'lab' ? { kind: 'lab', name: node } : onlyInLab(name);
  const target = sshTarget(name);
  if (target) return { kind: 'peer', name, target };
  return {
    message: `--from ${JSON.stringify(name)}: this is no place to test from.`,
    hint: 'Possible are self (the host itself), here (this computer), ssh://user@machine, internet=ssh://user@machine and, in the lab, phone and internet.',
  };
}

function onlyInLab(name: string): Problem {
  return {
    message: `--from ${name}: this machine exists in the lab only.`,
    hint:
      name === 'internet'
        ? 'To test from outside, name a machine there that you can log in to: --from internet=ssh://user@a-machine-outside, or once and for all in the host file: network: { outside: ssh://user@a-machine-outside }'
        : 'To test from another machine of your network, name one that you can log in to: --from ssh://user@a-machine-at-home',
  };
}

/** `ssh://[user@]host[:port]`; the host may be an alias of the user's ssh configuration, or `[IPv6]`. */
function sshTarget(name: string): SshTarget | undefined {
  const match = /^ssh:\/\/(?:([^@/\s:]+)@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\/?$/.exec(
    name,
  );
  const [, user, written = '', port] = match ?? [];
  const host = written.replace(/^\[(.*)\]$/, '$1');
  if (!match || host.startsWith('-') || user?.startsWith('-') || (written.startsWith('[') && !isIPv6(host)))
    return undefined;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined;
  return {
    kind: 'ssh',
    host,
    backend: 'auto',
    // Nothing there needs root.
    sudo: 'none',
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
