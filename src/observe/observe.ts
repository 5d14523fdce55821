import { randomBytes } from 'node:crypto';
import type { OwnedResource } from '../compose/collect.ts';
import type { Composition } from '../compose/compose.ts';
import { STATE_DIRECTORY } from '../connect/program.ts';
import type { RootShell } from '../connect/root-shell.ts';
import type { PendingNotification } from '../plan/plan.ts';
import { sh } from '../quote.ts';
import type { Kind } from '../resources/kind.ts';
import { kinds } from '../resources/registry.generated.ts';
import { type Section, sectionedScript, splitSections } from './sections.ts';

/** Every resource's state on the host, by resource id, and what hostwright itself left there. */
export interface Observations {
  readonly states: ReadonlyMap<string, unknown>;
  /** What hostwright last wrote, by resource id. */
  readonly remembered: ReadonlyMap<string, string>;
  /** Ids of what a run that did not succeed was changing last: what is half made there is nobody else's. */
  readonly underway: ReadonlySet<string>;
  /** Reloads and restarts that an earlier run still owes. */
  readonly pending: readonly PendingNotification[];
}

const RECORDS: Section = {
  name: 'records',
  script: sh`cat -- ${`${STATE_DIRECTORY}/remembered`} 2>/dev/null
echo
sed 's/^/underway\t/' -- ${`${STATE_DIRECTORY}/underway`} 2>/dev/null
ls -- ${`${STATE_DIRECTORY}/pending`} 2>/dev/null
:`,
};

/** Observes all resources in one exchange: one script, one part a kind. Writes nothing on the host. */
export async function observe(shell: RootShell, { resources }: Composition): Promise<Observations> {
  const nonce = randomBytes(16).toString('hex');
  const groups = byKind(resources);
  const sections = [
    RECORDS,
    ...groups.map(([kind, owned]) => ({
      name: kind.name,
      script: kind.observe(owned.map(({ resource }) => resource.spec)),
    })),
  ];
  const { output, errors } = await shell.read(sectionedScript(sections, nonce));
  const parts = splitSections(output, sections, nonce, errors);
  const states = new Map<string, unknown>();
  for (const [kind, owned] of groups) {
    const parsed = kind.parse(
      parts.get(kind.name) ?? Buffer.alloc(0),
      owned.map(({ resource }) => resource.spec),
    );
    for (const [index, { resource }] of owned.entries()) states.set(resource.id, parsed[index]);
  }
  return { states, ...records(parts.get(RECORDS.name)?.toString('utf8') ?? '') };
}

/**
 * The kind of a resource. Specs and states are typed within a kind only; outside they are opaque.
 * @throws {Error} for a kind that is not in the registry, which is a bug of a recipe.
 */
export function kindOf(name: string): Kind<unknown, unknown> {
  const registry: Readonly<Record<string, unknown>> = kinds;
  const kind = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (!kind) throw new Error(`There is no resource kind ‘${name}’.`);
  return kind as Kind<unknown, unknown>;
}

/** Every kind of the registry, by name. */
export function allKinds(): readonly Kind<unknown, unknown>[] {
  return Object.keys(kinds).map(kindOf);
}

function byKind(resources: readonly OwnedResource[]): [Kind<unknown, unknown>, OwnedResource[]][] {
  const groups = new Map<string, OwnedResource[]>();
  for (const owned of resources) {
    const group = groups.get(owned.resource.kind);
    if (group) group.push(owned);
    else groups.set(owned.resource.kind, [owned]);
  }
  return [...groups].map(([name, owned]) => [kindOf(name), owned]);
}

function records(text: string): Pick<Observations, 'remembered' | 'underway' | 'pending'> {
  const remembered = new Map<string, string>();
  const underway = new Set<string>();
  const pending: PendingNotification[] = [];
  for (const line of text.split('\n')) {
    const [id = '', value] = line.split('\t');
    // The last line of an id counts; an empty value means that it is no longer ours.
    if (id === 'underway' && value !== undefined) underway.add(value);
    else if (value === '') remembered.delete(id);
    else if (value !== undefined) remembered.set(id, value);
    const owed = /^(reload|restart) (\S+)$/.exec(line.replace(':', ' '));
    if (value === undefined && owed) {
      pending.push({ action: owed[1] === 'reload' ? 'reload' : 'restart', service: owed[2] ?? '' });
    }
  }
  return { remembered, underway, pending };
}
