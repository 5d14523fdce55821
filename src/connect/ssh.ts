import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ConnectError } from '../errors.ts';
import { type BackendChoice, chooseBackend, findSpecialKeys } from './backend.ts';
import type { SshTarget } from './connection.ts';
import { BeyondSsh2 } from './failures.ts';
import { findKnownKeys, knownHostsName } from './known-hosts.ts';
import type { ConnectOptions } from './options.ts';
import { LIMITS, type Limits, type SshConnection, type SshRoute } from './route.ts';
import { runTool } from './spawn.ts';
import { readSshSettings } from './ssh-config.ts';

/** A route, and the back end that the user's configuration needs for it. */
export interface PlannedRoute {
  readonly route: SshRoute;
  readonly choice: BackendChoice;
  readonly sshFound: boolean;
}

/** Connects by ssh, through node-ssh unless the configuration or the host needs the system's ssh. */
export async function connectSsh(target: SshTarget, options: ConnectOptions): Promise<SshConnection> {
  // The import and the reading of the configuration take about as long, side by side.
  const nodeSsh =
    target.backend === 'openssh' || target.jump !== undefined ? undefined : import('./node-ssh.ts');
  const { route, choice, sshFound } = await planRoute(target, options);
  if (choice.backend === 'openssh' || !nodeSsh) return viaOpenssh(route, sshFound);
  const { connectNodeSsh } = await nodeSsh;
  try {
    return await connectNodeSsh(route);
  } catch (error) {
    const retry = target.backend === 'auto' && sshFound && error instanceof BeyondSsh2;
    if (!retry || !(await opensshMayDo(error, route))) throw error;
    return viaOpenssh(route, sshFound);
  }
}

/** Reads the configuration and known_hosts for a target, and chooses the back end. */
export async function planRoute(
  target: SshTarget,
  options: ConnectOptions,
  limits: Limits = LIMITS,
): Promise<PlannedRoute> {
  const { ask, env = process.env, signal, acceptHostKey, notify } = options;
  const configFile = options.sshConfigFile ?? movedConfigFile(env);
  const { settings, sshFound } = await readSshSettings(target, { env, configFile });
  const { hostname, hostKeyAlias, port, user } = settings;
  const files = [...settings.knownHostsFiles, ...settings.globalKnownHostsFiles];
  const [knownKeys, keysOnPort22, specialKeys] = await Promise.all([
    findKnownKeys(hostKeyAlias ?? knownHostsName(hostname, port), files, env),
    port === 22 || hostKeyAlias !== undefined ? [] : findKnownKeys(knownHostsName(hostname, 22), files, env),
    target.backend === 'auto' ? findSpecialKeys(settings.identityFiles) : [],
  ]);
  const route: SshRoute = {
    target,
    place: { user, host: target.host, port },
    settings,
    knownKeys,
    keysOnPort22,
    ask,
    env,
    signal,
    acceptHostKey,
    configFile,
    notify: notify ?? (() => {}),
    limits,
  };
  // ssh2 goes through no other host.
  const wanted = target.jump === undefined ? target.backend : 'openssh';
  const choice = chooseBackend(settings, { wanted, sshFound, specialKeys, knownKeys });
  return { route, choice, sshFound };
}

/** ssh reads the configuration of the home in passwd(5); a HOME set to another folder is meant to count. */
function movedConfigFile(env: NodeJS.ProcessEnv): string | undefined {
  const home = env.HOME;
  if (home === undefined || home === userInfo().homedir) return undefined;
  const file = join(home, '.ssh', 'config');
  return existsSync(file) ? file : '/dev/null';
}

async function viaOpenssh(route: SshRoute, sshFound: boolean): Promise<SshConnection> {
  if (!sshFound) {
    throw new ConnectError(`This connection needs the program ssh, which this computer does not have.`, {
      hint: 'Install it: apt-get install openssh-client',
    });
  }
  const { connectOpenssh } = await import('./openssh.ts');
  return connectOpenssh(route);
}

/** Whether the system's ssh could do better: other algorithms, or keys in the agent that ssh2 cannot use. */
async function opensshMayDo(error: BeyondSsh2, { settings, env }: SshRoute): Promise<boolean> {
  if (error.message.startsWith('No way of encryption')) return true;
  if (settings.agentSocket === undefined || settings.identitiesOnly) return false;
  const { stdout } = await runTool('ssh-add', ['-L'], { ...env, SSH_AUTH_SOCK: settings.agentSocket });
  return /^(sk-\S+|\S+-cert-v01@openssh\.com) /m.test(stdout);
}
