import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { familyOf } from '../../facts/address.ts';
import { type DdnsDeclaration, type DdnsState, FORMAT, type PortsState } from '../declared.ts';
import { jsonFiles, objectIn, replaceFile, textOf } from '../files.ts';

/** A declaration with the digest of its text. */
export interface Declared {
  readonly declaration: DdnsDeclaration;
  readonly digest: string;
}

/** The declarations of all roles, by role. A missing folder has none; what is none is told and left out. */
export async function readDeclarations(
  folder: string,
  tell: (text: string) => void,
): Promise<ReadonlyMap<string, Declared>> {
  const found = new Map<string, Declared>();
  for (const file of await jsonFiles(folder)) {
    const text = await textOf(join(folder, file));
    const declaration = text === undefined ? undefined : declarationIn(text);
    if (text === undefined || !declaration)
      tell(`${join(folder, file)} is no declaration that this version knows. Apply the host file again.`);
    else found.set(basename(file, '.json'), { declaration, digest: sha256(text) });
  }
  return found;
}

/** What root has written was validated then; here it is made sure that nothing is missing. */
function declarationIn(text: string): DdnsDeclaration | undefined {
  const value = objectIn(text) as Partial<DdnsDeclaration> | undefined;
  const isWhole =
    value?.format === FORMAT &&
    typeof value.role === 'string' &&
    Array.isArray(value.names) &&
    Array.isArray(value.families) &&
    (value.way?.type === 'rfc2136' || value.way?.type === 'duckdns');
  return isWhole ? (value as DdnsDeclaration) : undefined;
}

/** The state of a role; undefined for what is none. */
export async function readState(folder: string, role: string): Promise<DdnsState | undefined> {
  const text = await textOf(join(folder, `${role}.json`));
  const value = objectIn(text) as Partial<DdnsState> | undefined;
  const { format, declared, tried, addresses, failures, verdict } = value ?? {};
  if (format !== FORMAT || typeof declared !== 'string' || typeof tried !== 'string') return undefined;
  if (!Array.isArray(addresses) || !Number.isSafeInteger(failures) || typeof verdict !== 'object')
    return undefined;
  return {
    ...(value as DdnsState),
    addresses: addresses.filter((one) => typeof one === 'string' && familyOf(one) !== undefined).slice(0, 8),
    failures: Math.min(Math.max(0, failures ?? 0), 1000),
  };
}

/** The router's address outside, as the state of mapped ports has it. */
export async function routerAddressIn(path: string): Promise<string | undefined> {
  const text = await textOf(path);
  const state = objectIn(text) as Partial<PortsState> | undefined;
  const { format, externalAddress } = state ?? {};
  return format === FORMAT && typeof externalAddress === 'string' && familyOf(externalAddress) === 4
    ? externalAddress
    : undefined;
}

/** Writes the state of a role. */
export async function writeState(folder: string, state: DdnsState): Promise<void> {
  await replaceFile(join(folder, `${state.role}.json`), `${JSON.stringify(state, null, 2)}\n`);
}

/** Forgets roles that are no longer declared; their records stay in the DNS. Returns their names. */
export async function forgetOthers(
  folder: string,
  roles: ReadonlyMap<string, unknown>,
): Promise<readonly string[]> {
  const gone = (await jsonFiles(folder))
    .map((file) => basename(file, '.json'))
    .filter((one) => !roles.has(one));
  for (const role of gone) await rm(join(folder, `${role}.json`), { force: true });
  return gone;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
