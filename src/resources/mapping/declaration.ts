import { createHash } from 'node:crypto';
import { FORMAT, type PortsDeclaration } from '../../agent/declared.ts';
import type { MappingSpec } from '../mapping.ts';

/** A declaration as it lies on the host. */
export interface DeclarationFile {
  readonly text: string;
  /** Hex. */
  readonly sha256: string;
}

/** The file that tells the agent about the ports of a role. Pure. */
export function declarationOf({ role, ports }: MappingSpec): DeclarationFile {
  const declaration: PortsDeclaration = { format: FORMAT, role, ports: ports as PortsDeclaration['ports'] };
  const text = `${JSON.stringify(declaration, null, 2)}\n`;
  return { text, sha256: createHash('sha256').update(text).digest('hex') };
}
