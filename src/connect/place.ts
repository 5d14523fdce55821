import { isIPv6 } from 'node:net';

/** Where an ssh connection goes, as the person wrote it. */
export interface Place {
  readonly user: string;
  /** Name, address or alias, not the address it resolves to. */
  readonly host: string;
  readonly port: number;
}

/** `pi@attic:22`, `pi@[fd00::2]:22`. */
export function placeName({ user, host, port }: Place): string {
  return `${user}@${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** `ssh pi@attic`, `ssh -p 2222 pi@attic`: what a person types to get there. */
export function sshCommand({ user, host, port }: Place): string {
  return `ssh ${port === 22 ? '' : `-p ${port} `}${user}@${host}`;
}
