import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { FORMAT, type PortWish } from '../declared.ts';
import { jsonFiles, objectIn, textOf } from '../files.ts';

/** One port that a role wants the router to pass on. */
export interface SinglePort {
  readonly role: string;
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly externalPort: number;
}

/** What all roles want together. */
export interface DeclaredPorts {
  readonly ports: readonly SinglePort[];
  /** Hex SHA-256: tells whether anything is declared otherwise since. */
  readonly digest: string;
}

/** Ports of one host that a router is asked for at most. */
const MOST = 1024;

/** The declarations of all roles. A missing folder has none; what is none is told and left out. */
export async function readPortDeclarations(
  folder: string,
  tell: (text: string) => void,
): Promise<DeclaredPorts> {
  const digest = createHash('sha256');
  const ports: SinglePort[] = [];
  for (const file of await jsonFiles(folder)) {
    const text = await textOf(join(folder, file));
    digest.update(`${sha256(text ?? '')}  ${file}\n`);
    const wishes = wishesIn(text);
    if (wishes) ports.push(...wishes.flatMap((wish) => singles(basename(file, '.json'), wish)));
    else tell(`${join(folder, file)} is no declaration that this version knows. Apply the host file again.`);
  }
  if (ports.length > MOST) tell(`The router is asked for ${MOST} ports at most, of ${ports.length}.`);
  return { ports: ports.slice(0, MOST), digest: digest.digest('hex') };
}

/** What root has written was validated then; here it is made sure that nothing is missing. */
function wishesIn(text: string | undefined): readonly PortWish[] | undefined {
  const { format, ports } = objectIn(text) ?? {};
  if (format !== FORMAT || !Array.isArray(ports)) return undefined;
  return ports.every(isWish) ? ports : undefined;
}

function isWish(value: unknown): value is PortWish {
  if (typeof value !== 'object' || value === null) return false;
  const { name, protocol, port, lastPort = port, externalPort = port } = value as Partial<PortWish>;
  return (
    typeof name === 'string' &&
    (protocol === 'tcp' || protocol === 'udp') &&
    [port, lastPort, externalPort].every(isPort) &&
    Number(lastPort) >= Number(port) &&
    Number(externalPort) + Number(lastPort) - Number(port) <= 65_535
  );
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function singles(
  role: string,
  { name, protocol, port, lastPort = port, externalPort = port }: PortWish,
): readonly SinglePort[] {
  return Array.from({ length: lastPort - port + 1 }, (_, offset) => ({
    role,
    name,
    protocol,
    port: port + offset,
    externalPort: externalPort + offset,
  }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
