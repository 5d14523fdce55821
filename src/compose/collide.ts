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
}

/**
 * Endpoints with the same protocol and port, unless both name the same `sharedBy`.
 * Each endpoint is held against the first that took its port, so n roles on one port give n - 1 collisions.
 */
export function collisions(roles: readonly ServingRole[]): readonly Collision[] {
  const taken = new Map<string, Collision['first']>();
  const found: Collision[] = [];
  for (const { name, endpoints } of roles) {
    for (const endpoint of endpoints) {
      const second = { role: name, endpoint };
      const place = `${endpoint.protocol} ${endpoint.port}`;
      const first = taken.get(place);
      if (!first) taken.set(place, second);
      else if (!shareable(first.endpoint, endpoint)) found.push({ first, second });
    }
  }
  return found;
}

function shareable(a: Endpoint, b: Endpoint): boolean {
  return a.sharedBy !== undefined && a.sharedBy === b.sharedBy;
}
