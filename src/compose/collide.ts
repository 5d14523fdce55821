import { overlaps } from './port-range.ts';
import type { Endpoint } from './recipe.ts';

/** A role and the endpoints it serves. */
export interface ServingRole {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

/** Two endpoints that want the same port and cannot share it. */
export interface Collision {
  readonly first: { readonly role: string; readonly endpoint: Endpoint };
  readonly second: { readonly role: string; readonly endpoint: Endpoint };
  /** Both would share the port, but both want this. */
  readonly common?: string;
}

/**
 * Endpoints with the same protocol and a port in common, unless both name the same `sharedBy` and have nothing of
 * `sharedAs` in common. Each endpoint collides with the first that is in its way, so n roles on one port give n - 1
 * collisions.
 */
export function collisions(roles: readonly ServingRole[]): readonly Collision[] {
  const taken: Collision['first'][] = [];
  const found: Collision[] = [];
  for (const { name, endpoints } of roles) {
    for (const endpoint of endpoints) {
      const second = { role: name, endpoint };
      const first = taken.find(
        (other) => meet(other.endpoint, endpoint) && !shareable(other.endpoint, endpoint),
      );
      const common = first && wantedByBoth(first.endpoint, endpoint);
      if (first) found.push({ first, second, ...(common === undefined ? {} : { common }) });
      taken.push(second);
    }
  }
  return found;
}

function meet(a: Endpoint, b: Endpoint): boolean {
  return a.protocol === b.protocol && overlaps(a, b);
}

function shareable(a: Endpoint, b: Endpoint): boolean {
  return a.sharedBy !== undefined && a.sharedBy === b.sharedBy && wantedByBoth(a, b) === undefined;
}

function wantedByBoth(a: Endpoint, b: Endpoint): string | undefined {
  return a.sharedBy === b.sharedBy ? a.sharedAs?.find((name) => b.sharedAs?.includes(name)) : undefined;
}
