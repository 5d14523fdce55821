import { z } from 'zod';
import { port } from '../../src/compose/inputs.ts';
import { overlaps, portText } from '../../src/compose/port-range.ts';

/** A port of one protocol, or a range of them. */
export interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** Absent: `port` alone. */
  readonly lastPort?: number;
}

/** `8096` means both protocols, `"8096/tcp"` one. */
export function portInput() {
  const single = z
    .string({ error: 'a port such as 8096, or "8096/tcp", is expected' })
    .regex(/^[1-9]\d{0,4}\/(tcp|udp)$/, {
      error: 'a port with its protocol looks like "8096/tcp"',
      abort: true,
    })
    .refine((value) => Number.parseInt(value, 10) <= 65_535, { error: 'the highest port is 65535' });
  return z.union([port(), single]);
}

/** The ports that an input made with {@link portInput} stands for. */
export function expandPort(value: number | string): readonly Port[] {
  if (typeof value === 'number') {
    return [
      { protocol: 'tcp', port: value },
      { protocol: 'udp', port: value },
    ];
  }
  const [number = '', protocol] = value.split('/');
  return [{ protocol: protocol === 'udp' ? 'udp' : 'tcp', port: Number(number) }];
}

/** `tcp/80`, `tcp/40000-40009`: one name for each port or range, for maps and messages. */
export function portName(port: Port): string {
  return `${port.protocol}/${portText(port)}`;
}

/** Whether two are of one protocol and have a port in common. */
export function meets(one: Port, other: Port): boolean {
  return one.protocol === other.protocol && overlaps(one, other);
}

/** Whether a list of ports and ranges has this one, or a part of it. */
export function includesPort(ports: readonly Port[], wanted: Port): boolean {
  return ports.some((candidate) => meets(candidate, wanted));
}

/** Ascending, TCP before UDP: the order in every file and message. */
export function byPort(a: Port, b: Port): number {
  return a.port - b.port || a.protocol.localeCompare(b.protocol);
}
