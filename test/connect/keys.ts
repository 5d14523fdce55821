import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ask, SshTarget } from '../../src/connect/connection.ts';
import { LIMITS, type Limits, type SshConnection } from '../../src/connect/route.ts';
import { planRoute } from '../../src/connect/ssh.ts';
import { UserError } from '../../src/errors.ts';

/** A private folder with keys made by ssh-keygen, thrown away afterwards. */
export interface KeyFolder {
  readonly folder: string;
  path(name: string): string;
  /** Makes a key and returns its file. */
  make(name: string, options?: { type?: string; passphrase?: string }): string;
  /** The public line of a key. */
  publicLine(name: string): string;
  privateText(name: string): string;
  write(name: string, text: string): string;
  remove(): void;
}

export function keyFolder(): KeyFolder {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-test-'));
  const path = (name: string): string => join(folder, name);
  return {
    folder,
    path,
    make(name, { type = 'ed25519', passphrase = '' } = {}) {
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', path(name)]);
      return path(name);
    },
    publicLine: (name) => readFileSync(path(`${name}.pub`), 'utf8').trim(),
    privateText: (name) => readFileSync(path(name), 'utf8'),
    write(name, text) {
      writeFileSync(path(name), text, { mode: 0o600 });
      chmodSync(path(name), 0o600);
      return path(name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Answers questions from a list and remembers them; what is not listed is refused as without a terminal. */
export interface ScriptedAsk extends Ask {
  readonly asked: string[];
}

export function scriptedAsk(
  answers: Readonly<Record<string, readonly string[] | boolean>>,
  interactive = true,
): ScriptedAsk {
  const asked: string[] = [];
  const left = new Map(
    Object.entries(answers).map(([start, list]) => [start, Array.isArray(list) ? [...list] : list]),
  );
  const find = (question: string): string[] | boolean | readonly string[] | undefined => {
    asked.push(question);
    return [...left].find(([start]) => question.startsWith(start))?.[1];
  };
  const refuse = (question: string): never => {
    throw new UserError({ message: `Nobody answers: ${question}`, hint: 'Set the variable.' });
  };
  return {
    asked,
    interactive,
    secret: async (question) => {
      const list = find(question);
      return (Array.isArray(list) ? list.shift() : undefined) ?? refuse(question);
    },
    confirm: async (question) => {
      const answer = find(question);
      return typeof answer === 'boolean' ? answer : refuse(question);
    },
  };
}

/** Connects by one back end, with time limits of the test's own. */
export async function connectBy(
  backend: 'node-ssh' | 'openssh',
  target: Omit<SshTarget, 'kind' | 'backend' | 'sudo'>,
  ask: Ask,
  {
    limits = LIMITS,
    ...options
  }: { limits?: Limits; env?: NodeJS.ProcessEnv; acceptHostKey?: string; signal?: AbortSignal } = {},
): Promise<SshConnection> {
  const { route } = await planRoute(
    { kind: 'ssh', backend, sudo: 'auto', ...target },
    { ask, sshConfigFile: '/dev/null', ...options },
    limits,
  );
  if (backend === 'openssh') return (await import('../../src/connect/openssh.ts')).connectOpenssh(route);
  return (await import('../../src/connect/node-ssh.ts')).connectNodeSsh(route);
}
