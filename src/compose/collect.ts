import { isDeepStrictEqual } from 'node:util';
import type { Problem, SourcePosition } from '../errors.ts';
import type { Role } from '../host/host.ts';
import type { Resource } from '../resources/kind.ts';
import { accountsOf } from './package-accounts.ts';

/** A resource and the role that declared it first. */
export interface OwnedResource {
  readonly role: string;
  readonly resource: Resource;
}

/** What one role declares. */
export interface Declared {
  readonly role: Role;
  readonly resources: readonly Resource[];
}

/** Something that can be one thing only, whatever kinds of resources it is declared by. */
interface Claim {
  /** For people: `the path /srv/photos`. */
  readonly what: string;
  /** `a directory`. */
  readonly as: string;
}

/**
 * Every resource once, in the order of declaration. The same one declared twice is one; two that differ collide, and so do a file
 * and a folder of one path. Told at the second place, and naming the first. Pure.
 */
export function collect(declared: readonly Declared[]): {
  readonly resources: readonly OwnedResource[];
  readonly problems: readonly Problem[];
} {
  const owned = new Map<string, OwnedResource>();
  const claims = new Map<string, { readonly claim: Claim; readonly by: OwnedResource }>();
  const problems: Problem[] = [];
  const roles = new Map(declared.map(({ role }) => [role.name, role]));
  for (const { role, resources } of declared) {
    for (const resource of resources) {
      const now = { role: role.name, resource };
      const before = owned.get(resource.id);
      if (before && !agree(before.resource, resource)) {
        problems.push(collision(roles, [before, now], resource.id, ', and not in the same way'));
        continue;
      }
      owned.set(resource.id, before ? { ...before, resource: merge(before.resource, resource) } : now);
      for (const claim of claimsOf(resource)) {
        const other = claims.get(claim.what);
        if (!other) claims.set(claim.what, { claim, by: now });
        else if (other.claim.as !== claim.as) {
          const how = `: as ${other.claim.as} and as ${claim.as}`;
          problems.push(collision(roles, [other.by, now], claim.what, how));
        }
      }
    }
  }
  return { resources: [...owned.values()], problems };
}

function collision(
  roles: ReadonlyMap<string, Role>,
  [first, second]: readonly [OwnedResource, OwnedResource],
  what: string,
  how: string,
): Problem {
  const [there, here] = [first, second].map((one) => placeOf(roles.get(one.role), one.resource));
  const place = there ? ` (${[there.file, there.line, there.column].filter(Boolean).join(':')})` : '';
  const says =
    first.role === second.role
      ? `The role ‘${first.role}’${place} wants ${what} twice`
      : `The roles ‘${first.role}’${place} and ‘${second.role}’ both want ${what}`;
  return {
    ...(here ? { at: here } : {}),
    message: `${says}${how}.`,
    hint: 'Change one of them so that they agree, or leave it out.',
  };
}

/** Where a role asks for a resource: at the value that names it; where there is none, at the role. */
function placeOf(role: Role | undefined, { id }: Resource): SourcePosition | undefined {
  const path = role && pathTo(role.input, id.slice(id.indexOf(':') + 1));
  return path ? role.at(...path) : role?.at();
}

function pathTo(value: unknown, wanted: string): readonly (string | number)[] | undefined {
  if (value === wanted) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key;
    if (key === wanted) return [step];
    const below = pathTo(item, wanted);
    if (below) return [step, ...below];
  }
  return undefined;
}

const AT_A_PATH: Readonly<Record<string, string>> = {
  file: 'a file',
  directory: 'a directory',
  tree: 'a directory',
  symlink: 'a link',
};

function claimsOf({ kind, spec }: Resource): readonly Claim[] {
  const { path, absent, name, gid, system }: Readonly<Record<string, unknown>> = Object(spec);
  const as = AT_A_PATH[kind];
  if (as !== undefined && absent !== true) return [{ what: `the path ${String(path)}`, as }];
  if (kind === 'group' && gid !== undefined)
    return [{ what: `the group number ${String(gid)}`, as: String(name) }];
  if (kind === 'package')
    return accountsOf(String(name)).map((account) => ({
      what: `the account ${account}`,
      as: `the one that ${String(name)} works under`,
    }));
  // One that is said to be a service's own may get further groups here.
  if (kind === 'user' && system !== true)
    return [{ what: `the account ${String(name)}`, as: 'one for people' }];
  return [];
}

function agree(one: Resource, other: Resource): boolean {
  return isDeepStrictEqual(one.spec, other.spec) && isDeepStrictEqual(one.validate, other.validate);
}

/** Each role's notifications are sent, and one that calls for a guard gets it for all. */
function merge(one: Resource, other: Resource): Resource {
  const more = other.notify.filter(
    (wanted) => !one.notify.some((present) => isDeepStrictEqual(present, wanted)),
  );
  return { ...one, notify: [...one.notify, ...more], guarded: one.guarded || other.guarded };
}
