import { randomBytes } from 'node:crypto';
import type { RootShell } from '../connect/root-shell.ts';
import { HostError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { sectionedScript, splitSections } from '../observe/sections.ts';
import { sh } from '../quote.ts';
import type { Facts } from './facts.ts';
import type { FactProbe } from './probe.ts';
import { factProbes } from './registry.generated.ts';

/** Formats of host-side records this version can read and write. */
export const RECORD_FORMAT = 2;

/** Names of the facts that are read; `all` for every one. */
export type WantedFacts = ReadonlySet<string> | 'all';

/** What these roles ask for; everything where there is no role, since a person wants to look around then. Pure. */
export function factsFor(roles: Host['roles']): WantedFacts {
  if (roles.length === 0) return 'all';
  return new Set(roles.flatMap(({ definition }) => definition.facts ?? []));
}

/** Reads the facts in one exchange. Those that nobody asks for are "unknown". */
export async function readFacts(shell: RootShell, wanted: WantedFacts): Promise<Facts> {
  const nonce = randomBytes(16).toString('hex');
  // A fact that cannot be read is "unknown", so the status of its fragment does not matter.
  const probes: readonly (readonly [string, FactProbe<unknown>])[] = Object.entries(factProbes);
  const read = probes.filter(([name, { onRequest }]) => !onRequest || wanted === 'all' || wanted.has(name));
  const sections = read.map(([name, { script }]) => ({
    name,
    script: sh`(${script}
)
:`,
  }));
  const { output, errors } = await shell.read(sectionedScript(sections, nonce));
  const parts = splitSections(output, sections, nonce, errors);
  const facts = probes.map(([name, probe]) => [name, probe.parse(parts.get(name)?.toString('utf8') ?? '')]);
  return Object.fromEntries(facts) as Facts;
}

/** The facts with what this end of the connection knows of it. Pure. */
export function knowingHostKey(facts: Facts, hostKeyType: string | undefined): Facts {
  const { connection } = facts.ssh;
  if (connection === undefined || hostKeyType === undefined) return facts;
  return { ...facts, ssh: { ...facts.ssh, connection: { ...connection, hostKeyType } } };
}

/**
 * Says whether this host may be managed, before anything is planned.
 * @returns a note for systems that are accepted but not proven.
 * @throws {HostError} for a system that is refused, naming it.
 */
export function requireSupported({ os, runs }: Facts, target: string): string | undefined {
  const name = os.name || os.id || 'an unknown system';
  if (!os.systemd) {
    throw new HostError(`${target} (${name}) is not run by systemd.`, {
      hint: 'hostwright starts and supervises everything through systemd. Use Debian 12 or 13 as installed by default.',
    });
  }
  if (runs.format > RECORD_FORMAT) {
    throw new HostError(`A newer hostwright has set up ${target}; this one could not undo its changes.`, {
      hint: 'Update hostwright on this computer and run the command again.',
    });
  }
  if (os.id === 'debian' && (os.version === '12' || os.version === '13')) return undefined;
  if (os.id === 'ubuntu' && Number(os.version) >= 24.04) return `${name}: not proven here.`;
  if (os.id === 'raspbian' && Number(os.version) >= 12) return `${name}: not proven here.`;
  throw new HostError(`${target} runs ${name}, which hostwright does not support.`, {
    hint: 'Supported: Debian 12 and 13. Accepted, not proven: Ubuntu 24.04 and newer, Raspberry Pi OS 12 and newer.',
  });
}
