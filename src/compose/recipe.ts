import type { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import type { Folder } from '../host/folder.ts';
import type { Resource } from '../resources/kind.ts';
import type { SecretWish } from '../secrets/make.ts';
import type { Secret } from '../secrets/secret.ts';

/** Who may reach a role. One word drives the firewall, the router mapping and the reachability check. */
export type Exposure = 'host' | 'lan' | 'internet';

/** How to prove that an endpoint works; the name of a probe in `src/check/probes/` and what it needs to know. */
export interface ProbeRequest {
  readonly probe: string;
  /** Probe-specific settings, validated by the probe's own schema: for http `{path, hostname, status, sha256}`. */
  readonly with?: Readonly<Record<string, unknown>>;
}

/** A port that a role serves. */
export interface Endpoint {
  /** Unique within the role: `http`, `ftp-control`. */
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** The last port of a range that begins with `port`, such as FTP's passive ports; absent: that one alone. */
  readonly lastPort?: number;
  /** The other endpoint that may share this very port: several sites by name share one nginx port. */
  readonly sharedBy?: string;
  /** What tells those who share a port apart, such as domains: two with one in common collide. */
  readonly sharedAs?: readonly string[];
  /** Absent where nobody can tell by itself, such as for ports that are open during a transfer only: then another endpoint proves the role. */
  readonly prove?: ProbeRequest;
  /** Whether this host can serve it, such as HTTP/3 by its nginx; default: it can. Pure. */
  when?(facts: Facts): boolean;
}

/** An endpoint together with the role it belongs to and who may reach it. */
export interface ExposedEndpoint extends Omit<Endpoint, 'when'> {
  readonly role: string;
  readonly expose: Exposure;
}

/** What endpoints may depend on: known when the host file has been loaded, before the host is asked anything. */
export interface EndpointContext<Input> {
  readonly role: string;
  /** The host's name. */
  readonly host: string;
  readonly input: Input;
  readonly expose: Exposure;
  /** The scanned folder behind an input made with `folder()`. */
  folder(path: string): Folder;
}

/** What a recipe may know of another role on the host. */
export interface OtherRole {
  readonly role: string;
  readonly recipe: string;
  readonly expose: Exposure;
  /** Validated by its own recipe's schema: for a recipe of another kind, to be read with care. */
  readonly input: unknown;
  /** Host names that people reach it by (`Recipe.names`). */
  readonly names: readonly string[];
}

/** Everything a recipe may look at. All of it is data: the same context gives the same resources. */
export interface RecipeContext<Input> {
  /** The role's name in the host file. */
  readonly role: string;
  /** The host's name. */
  readonly host: string;
  readonly input: Input;
  readonly expose: Exposure;
  readonly facts: Facts;
  /** `network:` of the host file: extra ranges that count as LAN, pinned interface. */
  readonly network: HostNetwork;
  /** Inputs of every other role on this host that uses the same recipe, by role name, for what has to be agreed among them. */
  readonly siblings: readonly { readonly role: string; readonly input: Input }[];
  /** Every other role on this host, whatever its recipe, in the order of the host file. */
  readonly others: readonly OtherRole[];
  /** Every endpoint of every role on this host, this one's included. */
  readonly endpoints: readonly ExposedEndpoint[];
  /** The address this connection comes from, as the host sees it; absent for `local`. */
  readonly clientAddress?: string;
  /** `--close-unlisted` was given. */
  readonly closeUnlisted: boolean;
  /**
   * Renders `templates/<recipe>/<name>.hbs`.
   * @throws {UserError} when a value would break out of its place in the file.
   */
  template(name: string, data: Readonly<Record<string, unknown>>): string;
  /**
   * Renders it too; the data may hold secrets, and the whole text is one then: for the content of a `file`.
   * @throws {UserError} as `template` does; of a secret the message tells nothing.
   */
  secretTemplate(name: string, data: Readonly<Record<string, unknown>>): Secret;
  /** The scanned folder behind an input made with `folder()`. */
  folder(path: string): Folder;
  /**
   * The secret of that name of this role: the one in the vault, or one made in memory, which is saved when the plan is
   * applied. People see it as `ROLE/NAME`: an account's name, or what it opens. Letters, digits, `_`, `.` and `-`.
   */
  secret(name: string, wish?: SecretWish): Secret;
  /** Who issues certificates under that name: `letsencrypt`. Undefined for one that nobody knows. */
  authority(name: string): Authority | undefined;
}

/** Who issues certificates by ACME (RFC 8555). */
export interface Authority {
  /** URL of its directory. */
  readonly directory: string;
  /** URL of the directory that is there to try things. */
  readonly staging?: string;
  /** PEM: the root that its own server and its certificates are trusted by, where no computer has it anyway. */
  readonly root?: string;
}

/** `network:` of the host file. */
export interface HostNetwork {
  readonly lan: readonly string[];
  readonly interface?: string;
  /** A machine out on the internet to test from, as ssh targets are written: `ann@vps`. */
  readonly outside?: string;
}

/** Something the plan should tell a person: what stays, what is opened, what was chosen and why. */
export interface PlanNote {
  readonly role: string;
  /** `keep`/`close`: a listening port; `warning`: needs attention; `info`: good to know. */
  readonly level: 'keep' | 'close' | 'info' | 'warning';
  readonly text: string;
  /** The port that `keep` or `close` is about; a check proves that what is closed is closed. */
  readonly port?: { readonly protocol: 'tcp' | 'udp'; readonly port: number };
}

/** What a recipe declares. */
export interface RecipeParts {
  readonly resources: readonly Resource[];
  readonly notes?: readonly Omit<PlanNote, 'role'>[];
}

/** All that a recipe declares. */
export interface RecipeResult extends RecipeParts {
  /** What comes after all resources of all roles: it takes a host on which everything runs. */
  readonly after?: readonly Resource[];
}

/** Where a role's dumps are made and kept on the host; made by `backupOf` of `src/compose/dumps.ts`. */
export interface Backup {
  /** The program that makes, lists and restores dumps: `dumpProgram` of `src/compose/dumps/program.ts` says how it is called. */
  readonly program: string;
  /** The account that it runs as. */
  readonly user: string;
  /** The folder with the dumps. */
  readonly folder: string;
  readonly databases: readonly string[];
}

/** A recipe: what a host can be. Made by {@link defineRecipe}, lives in `recipes/<name>/recipe.ts`. */
export interface Recipe<Schema extends z.ZodObject = z.ZodObject> {
  /** One or two words, for menus: `Static website`. */
  readonly title: string;
  /** One sentence, for lists and docs. */
  readonly summary: string;
  /** The wizard offers recipes in ascending order; absent: not offered. */
  readonly menu?: number;
  /** `guard` roles (firewall, base) are applied before every other role. */
  readonly stage?: 'guard' | 'service';
  /** False for roles that serve nothing themselves: `expose` is then an unknown key. */
  readonly exposable?: boolean;
  /** Facts that cost some time, and are read only for recipes that name them here (`onRequest` in `src/facts/probes/`). */
  readonly facts?: readonly (keyof Facts)[];
  readonly inputs: Schema;
  endpoints?(context: EndpointContext<z.infer<Schema>>): readonly Endpoint[];
  /** Host names that people reach the role by: its domains. Pure. */
  names?(context: EndpointContext<z.infer<Schema>>): readonly string[];
  /** Roles with data that a copy of files would not get whole, such as databases. Pure. */
  backup?(context: EndpointContext<z.infer<Schema>>): Backup;
  resources(context: RecipeContext<z.infer<Schema>>): RecipeResult;
}

/** Types a recipe; the identity function at run time. */
export function defineRecipe<const Schema extends z.ZodObject>(recipe: Recipe<Schema>): Recipe<Schema> {
  return recipe;
}
