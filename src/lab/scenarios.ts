/** Trouble with the home network that a lab can play. A further one is an entry here. */
import { UserError } from '../errors.ts';
import { suggest } from '../suggest.ts';
import type { MappingProtocols } from './mapping.ts';

/** Something that happens to a network that works. */
export interface Trouble {
  /** What happened, for people: `the router restarted`. */
  readonly happened: string;
  /** Makes it happen to a lab that runs, and waits until it is over. */
  readonly happen: (lab: string) => Promise<void>;
}

export interface Scenario {
  /** What is different in this home, for people. */
  readonly summary: string;
  /** What the router can be asked for ports with; everything by default. */
  readonly protocols?: MappingProtocols;
  /** Done once the lab is up. */
  readonly prepare?: (lab: string) => Promise<void>;
  /** Happens in a rehearsal after everything was found reachable. */
  readonly trouble?: Trouble;
}

const all = {
  'upnp-off': {
    summary: 'the router opens no ports on request',
    protocols: { upnp: false, natPmp: false, pcp: false },
  },
  'natpmp-only': {
    summary: 'the router answers NAT-PMP, not PCP and not UPnP',
    protocols: { upnp: false, natPmp: true, pcp: false },
  },
  'pcp-only': {
    summary: 'the router answers PCP, not NAT-PMP and not UPnP',
    protocols: { upnp: false, natPmp: false, pcp: true },
  },
  'port-taken-by-other': {
    summary: 'the laptop has ports 80 and 443 of the router already',
    prepare: async (lab) => (await import('./take-ports.ts')).takePorts(lab, [80, 443]),
  },
  'router-reboot': {
    summary: 'the router restarts and has forgotten its mappings',
    trouble: {
      happened: 'the router restarted',
      happen: async (lab) => (await import('./reboot-router.ts')).rebootRouter(lab),
    },
  },
  'address-change': {
    summary: 'the router gives the server another address',
    trouble: {
      happened: 'the server got another address',
      happen: async (lab) => void (await (await import('./change-address.ts')).changeBoxAddress(lab)),
    },
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof all;

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = all;

/** @throws {UserError} when there is none of that name. */
export function scenarioName(text: string): ScenarioName {
  const names = Object.keys(all) as ScenarioName[];
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const guess = suggest(text, names);
  throw new UserError({
    message: `--scenario ${text}: there is no such scenario.`,
    hint: `${guess === undefined ? '' : `Did you mean "${guess}"? `}There are: ${names.join(', ')}.`,
  });
}
