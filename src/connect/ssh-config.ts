import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshTarget } from './connection.ts';
import { runTool } from './spawn.ts';

/** What ssh_config(5) says for one host, as far as hostwright follows it. */
export interface SshSettings {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  /** Private key files in the order to try them; not all need exist. */
  readonly identityFiles: readonly string[];
  /** Offer only those files, even when the agent has more. */
  readonly identitiesOnly: boolean;
  /** The agent's socket, if there is an agent. */
  readonly agentSocket: string | undefined;
  /** The user's known_hosts files; a new key is written to the first. */
  readonly knownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  /** An unknown host key: ask, refuse, or take it without asking. A changed key is refused in every case. */
  readonly unknownHostKey: 'ask' | 'refuse' | 'accept';
  readonly hostKeyAlias: string | undefined;
  /** 4, 6, or 0 for either. */
  readonly family: 0 | 4 | 6;
  /** Every keyword of `ssh -G` in lower case with its values, for what is looked up by name. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** A `Match exec` ran while the configuration was read. */
  readonly matchExec: boolean;
}

/** Where the configuration is read from. */
export interface ConfigSource {
  readonly env: NodeJS.ProcessEnv;
  /** `ssh -F`: this file instead of the user's and the system's. */
  readonly configFile?: string | undefined;
}

/** The settings for `target`, and whether the system has an `ssh` at all (without one, ssh's defaults hold). */
export async function readSshSettings(
  target: SshTarget,
  { env, configFile }: ConfigSource,
): Promise<{ settings: SshSettings; sshFound: boolean }> {
  const args = [
    '-v',
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...(target.user === undefined ? [] : ['-l', target.user]),
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
    ...(target.jump === undefined ? [] : ['-J', target.jump]),
    '-G',
    '--',
    target.host,
  ];
  const { code, stdout, stderr } = await runTool('ssh', args, env);
  const matchExec = /^debug1: Executing command: /m.test(stderr);
  return {
    settings: toSettings(target, code === 0 ? parseSshConfig(stdout) : new Map(), matchExec, env),
    sshFound: code !== null,
  };
}

/** Parses what `ssh -G` prints: one `keyword value` a line, keywords may repeat. */
export function parseSshConfig(output: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const match = /^(\S+)(?: (.*))?$/.exec(line);
    if (!match?.[1]) continue;
    const keyword = match[1].toLowerCase();
    settings.set(keyword, [...(settings.get(keyword) ?? []), match[2] ?? '']);
  }
  return settings;
}

/** Combines what the target says with what the configuration says; the target wins. */
export function toSettings(
  target: SshTarget,
  all: ReadonlyMap<string, readonly string[]>,
  matchExec: boolean,
  env: NodeJS.ProcessEnv,
): SshSettings {
  const one = (keyword: string): string | undefined => all.get(keyword)?.[0];
  const account = userInfo();
  const home = env.HOME ?? account.homedir;
  const user = target.user ?? one('user') ?? account.username;
  const hostname = one('hostname') ?? target.host;
  const port = target.port ?? Number(one('port') ?? 22);
  const tokens: Readonly<Record<string, string>> = {
    '%%': '%',
    '%d': home,
    '%h': hostname,
    '%n': target.host,
    '%p': String(port),
    '%r': user,
    '%u': account.username,
  };
  // ssh takes the home of passwd(5); a HOME that was set on purpose (sudo, a test) is meant to count.
  const expand = (path: string): string => {
    const full = path.replace(/^~(?=\/)/, home).replace(/%./g, (token) => tokens[token] ?? token);
    return full.startsWith(`${account.homedir}/`) ? join(home, full.slice(account.homedir.length)) : full;
  };
  const files = (keyword: string, fallback: readonly string[]): readonly string[] =>
    (one(keyword)?.split(' ') ?? fallback).filter((file) => file !== 'none' && file !== '').map(expand);

  return {
    hostname,
    user,
    port,
    identityFiles: target.identityFile
      ? [expand(target.identityFile)]
      : (all.get('identityfile') ?? DEFAULT_KEYS).filter((file) => file !== 'none').map(expand),
    identitiesOnly: target.identityFile !== undefined || one('identitiesonly') === 'yes',
    agentSocket: agentSocket(one('identityagent'), env, expand),
    knownHostsFiles: target.knownHostsFile
      ? [target.knownHostsFile]
      : files('userknownhostsfile', ['~/.ssh/known_hosts']),
    globalKnownHostsFiles: target.knownHostsFile
      ? []
      : files('globalknownhostsfile', ['/etc/ssh/ssh_known_hosts']),
    hashKnownHosts: one('hashknownhosts') === 'yes',
    unknownHostKey: UNKNOWN_HOST_KEY[one('stricthostkeychecking') ?? 'ask'] ?? 'ask',
    hostKeyAlias: one('hostkeyalias'),
    family: FAMILIES[one('addressfamily') ?? 'any'] ?? 0,
    all,
    matchExec,
  };
}

const DEFAULT_KEYS = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];

const UNKNOWN_HOST_KEY: Readonly<Record<string, SshSettings['unknownHostKey']>> = {
  ask: 'ask',
  yes: 'refuse',
  true: 'refuse',
  'accept-new': 'accept',
  no: 'accept',
  off: 'accept',
  false: 'accept',
};

const FAMILIES: Readonly<Record<string, SshSettings['family']>> = { inet: 4, inet6: 6 };

function agentSocket(
  setting: string | undefined,
  env: NodeJS.ProcessEnv,
  expand: (path: string) => string,
): string | undefined {
  if (setting === 'none') return undefined;
  if (setting === undefined || setting === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK || undefined;
  return setting.startsWith('$') ? env[setting.replace(/[${}]/g, '')] || undefined : expand(setting);
}
