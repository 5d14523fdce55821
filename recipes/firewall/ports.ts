import { z } from 'zod';
import { port } from '../../src/compose/inputs.ts';

/** A port of one protocol. */
export interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
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

/** `tcp/80`: one name for each port, for maps and messages. */
export function portName({ protocol, port: number }: Port): string {
  return `${protocol}/${number}`;
}

/** Whether a list of ports has this one. */
export function includesPort(ports: readonly Port[], wanted: Port): boolean {
  return ports.some((candidate) => portName(candidate) === portName(wanted));
}

/** Ascending, TCP before UDP: the order in every file and message. */
export function byPort(a: Port, b: Port): number {
  return a.port - b.port || a.protocol.localeCompare(b.protocol);
}
