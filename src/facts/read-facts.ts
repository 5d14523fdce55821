import { randomBytes } from 'node:crypto';
import type { RootShell } from '../connect/root-shell.ts';
import { HostError } from '../errors.ts';
import { sectionedScript, splitSections } from '../observe/sections.ts';
import { sh } from '../quote.ts';
import type { Facts } from './facts.ts';
import { factProbes } from './registry.generated.ts';

/** Formats of host-side records this version can read and write. */
export const RECORD_FORMAT = 2;

/** Reads every fact in one exchange. */
export async function readFacts(shell: RootShell): Promise<Facts> {
  const nonce = randomBytes(16).toString('hex');
  // A fact that cannot be read is "unknown", so the status of its fragment does not matter.
  const sections = Object.entries(factProbes).map(([name, { script }]) => ({
    name,
    script: sh`(${script}
)
:`,
  }));
  const { output, errors } = await shell.read(sectionedScript(sections, nonce));
  const parts = splitSections(output, sections, nonce, errors);
  const facts = Object.entries(factProbes).map(([name, probe]) => [
    name,
    probe.parse(parts.get(name)?.toString('utf8') ?? ''),
  ]);
  return Object.fromEntries(facts) as Facts;
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
