import { DECLARATIONS, STATE } from '../../agent/places.ts';
import { MOST_PORTS_STATE, readToldPorts, type ToldPorts } from '../../agent/told/ports.ts';
import { HostError } from '../../errors.ts';
import { joinShell, type Shell, sh } from '../../quote.ts';

export interface MappingState {
  /** Hex, of the declaration on the host; empty where there is none. */
  readonly sha256: string;
  /** What the agent tells of the ports of this role; absent: nothing yet. */
  readonly told?: ToldPorts;
}

export function observeMappings(roles: readonly string[]): Shell {
  return joinShell([
    ...roles.map(
      (
        role,
      ) => sh`hw_sum=$(cat -- ${`${DECLARATIONS.ports}/${role}.json`} 2>/dev/null | sha256sum | cut -c1-64)
[ -f ${`${DECLARATIONS.ports}/${role}.json`} ] || hw_sum=
echo "$hw_sum"`,
    ),
    sh`head -c ${MOST_PORTS_STATE} -- ${STATE.ports} 2>/dev/null | base64 -w0; echo`,
  ]);
}

/** @throws {HostError} when the output was cut */
export function parseMappings(output: Buffer, roles: readonly string[]): readonly MappingState[] {
  const lines = output.toString('latin1').split('\n').slice(0, -1);
  if (lines.length !== roles.length + 1)
    throw new HostError('The host’s answer about mappings of the router is incomplete.', {
      hint: 'Try again.',
    });
  const told = readToldPorts(Buffer.from(lines.at(-1) ?? '', 'base64').toString());
  return roles.map((role, index): MappingState => {
    const sha256 = lines[index] ?? '';
    if (told === undefined) return { sha256 };
    return { sha256, told: { ...told, ports: told.ports.filter((one) => one.role === role) } };
  });
}
