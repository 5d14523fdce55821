import { z } from 'zod';
import { type Problem, UserError } from '../errors.ts';
import type { Facts } from '../facts/facts.ts';
import type { Host, Role } from '../host/host.ts';
import { type SecretSource, unsavedSecrets } from '../secrets/source.ts';
import { collect, type Declared, type OwnedResource } from './collect.ts';
import { mappingParts } from './mappings.ts';
import type {
  Authority,
  EndpointContext,
  ExposedEndpoint,
  PlanNote,
  RecipeContext,
  RecipeResult,
} from './recipe.ts';
import { renderSecretTemplate } from './secret-template.ts';
import { renderTemplate } from './templates.ts';
import { AUTHORITIES } from './tls/authorities.ts';

/** What a host file comes to on one host. */
export interface Composition {
  /** In the order in which they are applied. */
  readonly resources: readonly OwnedResource[];
  readonly endpoints: readonly ExposedEndpoint[];
  readonly notes: readonly PlanNote[];
}

export interface ComposeOptions {
  readonly closeUnlisted: boolean;
  /** Only this role's resources; endpoints stay those of the whole host. */
  readonly only?: string;
  /** Where recipes get secrets from; default: made anew each time, and saved nowhere. */
  readonly secrets?: SecretSource;
  /** Who issues certificates, by the name that host files call them by; default: Let’s Encrypt. */
  readonly authorities?: Readonly<Record<string, Authority>>;
}

/**
 * Host × recipes × facts → resources and endpoints. Pure.
 * @throws {UserError} with the place in the host file, for what a recipe refuses and for resources that collide.
 */
export function compose(
  host: Host,
  facts: Facts,
  { closeUnlisted, only, secrets = unsavedSecrets, authorities = AUTHORITIES }: ComposeOptions,
): Composition {
  if (only !== undefined && !host.roles.some(({ name }) => name === only)) {
    const names = host.roles.map(({ name }) => name).join(', ') || 'none';
    throw new UserError({
      message: `There is no role ‘${only}’ in ${host.file}.`,
      hint: `Its roles: ${names}.`,
    });
  }
  const endpoints = exposedEndpoints(host, facts);
  const problems: Problem[] = [];
  const declared: Declared[] = [];
  const mapped: Declared[] = [];
  const last: Declared[] = [];
  const notes: PlanNote[] = [];
  for (const role of inOrder(host.roles)) {
    if (only !== undefined && role.name !== only) continue;
    const context = contextOf(role, host, facts, endpoints, { closeUnlisted, secrets, authorities });
    const parts = declare(role, context, problems);
    const mappings = mappingParts(context);
    notes.push(...[...(parts.notes ?? []), ...mappings.notes].map((note) => ({ ...note, role: role.name })));
    declared.push({ role, resources: [...parts.resources, ...mappings.resources] });
    mapped.push({ role, resources: mappings.after });
    last.push({ role, resources: parts.after ?? [] });
  }
  // An authority that looks at the host from the internet comes through the router.
  const { resources, problems: collisions } = collect([...declared, ...mapped, ...last]);
  if (problems.length + collisions.length > 0) throw new UserError([...problems, ...collisions]);
  return { resources, endpoints, notes };
}

/** Every endpoint of every role that this host can serve, with who may reach it. Pure. */
export function exposedEndpoints(host: Host, facts: Facts): readonly ExposedEndpoint[] {
  return host.roles.flatMap((role) =>
    (role.definition.endpoints?.(endpointContext(host, role)) ?? [])
      .filter((endpoint) => endpoint.when?.(facts) ?? true)
      .map(({ when: _, ...endpoint }) => ({ ...endpoint, role: role.name, expose: role.expose })),
  );
}

function endpointContext(host: Host, { name, input, expose }: Role): EndpointContext<Role['input']> {
  return { role: name, host: host.name, input, expose, folder: (path) => folderOf(host, path) };
}

/** The firewall is up before a service is installed. */
function inOrder(roles: readonly Role[]): readonly Role[] {
  const guards = roles.filter(({ definition }) => definition.stage === 'guard');
  return [...guards, ...roles.filter((role) => !guards.includes(role))];
}

function contextOf(
  role: Role,
  host: Host,
  facts: Facts,
  endpoints: readonly ExposedEndpoint[],
  {
    closeUnlisted,
    secrets,
    authorities,
  }: Required<Pick<ComposeOptions, 'closeUnlisted' | 'secrets' | 'authorities'>>,
): RecipeContext<Readonly<Record<string, unknown>>> {
  const clientAddress = facts.ssh.connection?.clientAddress;
  return {
    role: role.name,
    host: host.name,
    input: role.input,
    expose: role.expose,
    facts,
    network: host.network,
    siblings: host.roles
      .filter((other) => other !== role && other.recipe === role.recipe)
      .map(({ name, input }) => ({ role: name, input })),
    others: host.roles
      .filter((other) => other !== role)
      .map((other) => ({
        role: other.name,
        recipe: other.recipe,
        expose: other.expose,
        input: other.input,
        names: other.definition.names?.(endpointContext(host, other)) ?? [],
      })),
    endpoints,
    closeUnlisted,
    ...(clientAddress ? { clientAddress } : {}),
    template: (name, data) => renderTemplate(...templateOf(host, role, name), data),
    secretTemplate: (name, data) => renderSecretTemplate(...templateOf(host, role, name), data),
    folder: (path) => folderOf(host, path),
    secret: (name, wish = {}) => secrets({ role: wish.of ?? role.name, name }, wish),
    authority: (name) => (Object.hasOwn(authorities, name) ? authorities[name] : undefined),
  };
}

/** Its path, for messages, and its text. */
function templateOf(host: Host, { recipe }: Role, name: string): readonly [string, string] {
  const file = `${recipe}/${name}`;
  const text = host.templates.get(file);
  if (text === undefined)
    throw new UserError({ message: `The recipe ‘${recipe}’ has no template ‘${name}’.` });
  return [`templates/${file}.hbs`, text];
}

function folderOf(host: Host, path: string) {
  const folder = host.folders.get(path);
  if (!folder)
    throw new Error(`The folder ‘${path}’ was not scanned: its input is not declared with folder().`);
  return folder;
}

function declare(
  role: Role,
  context: RecipeContext<Readonly<Record<string, unknown>>>,
  problems: Problem[],
): RecipeResult {
  try {
    return role.definition.resources(context);
  } catch (error) {
    if (error instanceof UserError) {
      problems.push(...error.problems.map((problem) => ({ at: role.at(), ...problem })));
    } else if (error instanceof z.ZodError) {
      problems.push(
        ...error.issues.map(({ message, path }) => ({
          at: role.at(),
          message: `${path.join('.')}: ${message}`,
        })),
      );
    } else throw error;
    return { resources: [] };
  }
}
