import type { Resource } from '../resources/kind.ts';
import type { ExposedEndpoint, PlanNote } from './recipe.ts';

/** A resource and the role that declared it. */
export interface OwnedResource {
  readonly role: string;
  readonly resource: Resource;
}

/** What a host file comes to on one host. */
export interface Composition {
  /** In the order in which they are applied. */
  readonly resources: readonly OwnedResource[];
  readonly endpoints: readonly ExposedEndpoint[];
  readonly notes: readonly PlanNote[];
}
