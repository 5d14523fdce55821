import { createHash } from 'node:crypto';
import type { RulesetSpec } from '../ruleset.ts';

/** Everything that our firewall puts on a host. */
export const PATHS = {
  rules: '/etc/hostwright/firewall.nft',
  script: '/usr/local/lib/hostwright/firewall',
  unit: '/etc/systemd/system/hostwright-firewall.service',
  watcher: '/etc/systemd/system/hostwright-firewall-lan.service',
} as const;

/** What `systemctl enable` makes of `WantedBy=sysinit.target`. */
export const LINK = '/etc/systemd/system/sysinit.target.wants/hostwright-firewall.service';

export const UNIT = 'hostwright-firewall.service';
export const WATCHER = 'hostwright-firewall-lan.service';

/** One file as it should be. Owner and group are root. */
export interface Installed {
  readonly path: string;
  readonly content: string;
  /** Without leading zeros, as stat(1) prints it. */
  readonly mode: string;
  /** The systemd unit that it is, if it is one. */
  readonly unit?: string;
}

/** The files of a ruleset, in the order in which they are put in place; none when it should be absent. */
export function installed(spec: RulesetSpec): readonly Installed[] {
  if (spec.state === 'absent') return [];
  return [
    { path: PATHS.rules, content: spec.rules, mode: '644' },
    { path: PATHS.script, content: spec.script, mode: '755' },
    { path: PATHS.unit, content: spec.unit, mode: '644', unit: UNIT },
    ...(spec.watcher === undefined
      ? []
      : [{ path: PATHS.watcher, content: spec.watcher, mode: '644', unit: WATCHER }]),
  ];
}

/** Hex SHA-256 of a text. */
export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
