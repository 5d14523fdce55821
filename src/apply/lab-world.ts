import type { Authority } from '../compose/recipe.ts';
import type { Host } from '../host/host.ts';

/** What takes the place of the world in the lab. */
export interface LabWorld {
  /** The lab's own authority, under the names of the public ones. */
  readonly authorities: Readonly<Record<string, Authority>>;
  /** PEM: roots that a check trusts beside those that are known everywhere. */
  readonly roots: readonly string[];
}

/** The world of the lab that a host is in; undefined for hosts that are in none. */
export async function labWorld({ connect }: Pick<Host, 'connect'>): Promise<LabWorld | undefined> {
  if (connect.kind !== 'lab') return undefined;
  const { readLab } = await import('../lab/state.ts');
  const { acme } = await readLab(connect.name);
  if (!acme) return undefined;
  return { authorities: { letsencrypt: { ...acme } }, roots: [acme.root] };
}

/** Has the lab's public DNS know the names that the host's certificates are for. */
export async function publishOwnNames(
  { connect }: Pick<Host, 'connect'>,
  names: readonly string[],
): Promise<void> {
  if (connect.kind !== 'lab' || names.length === 0) return;
  const { publishNames } = await import('../lab/public-dns.ts');
  await publishNames(connect.name, names);
}
