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
 * Endpoints with the same protocol and port, unless both name the same `sharedBy` and have nothing of `sharedAs` in
 * common. Each endpoint collides with the first that is in its way, so n roles on one port give n - 1 collisions.
 */
export function collisions(roles: readonly ServingRole[]): readonly Collision[] {
  const taken = new Map<string, Collision['first'][]>();
  const found: Collision[] = [];
  for (const { name, endpoints } of roles) {
    for (const endpoint of endpoints) {
      const second = { role: name, endpoint };
      const place = `${endpoint.protocol} ${endpoint.port}`;
      const before = taken.get(place) ?? [];
      const first = before.find((other) => !shareable(other.endpoint, endpoint));
      const common = first && wantedByBoth(first.endpoint, endpoint);
      if (first) found.push({ first, second, ...(common === undefined ? {} : { common }) });
      taken.set(place, [...before, second]);
    }
  }
  return found;
}

function shareable(a: Endpoint, b: Endpoint): boolean {
  return a.sharedBy !== undefined && a.sharedBy === b.sharedBy && wantedByBoth(a, b) === undefined;
}

function wantedByBoth(a: Endpoint, b: Endpoint): string | undefined {
  return a.sharedBy === b.sharedBy ? a.sharedAs?.find((name) => b.sharedAs?.includes(name)) : undefined;
}
