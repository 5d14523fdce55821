/**
 * What recipes of one's own import from 'hostwright': the whole of what is promised to stay. It is built into
 * `dist/api.js`, out of the same chunks as the command line, and its types into `dist/types/`.
 */
import { z as zod } from 'zod';
import { backupOf, dumpResources, dumpsInput } from '../compose/dumps.ts';
import * as inputTypes from '../compose/inputs.ts';
import { isInLan as inLan, findLan as lanOf } from '../compose/lan.ts';
import { defineRecipe as define } from '../compose/recipe.ts';
import { tlsInput as tls } from '../compose/tls/input.ts';
import { certificateFor as certificateOf } from '../compose/tls.ts';
import { UserError as Refusal } from '../errors.ts';
import { sh as shell } from '../quote.ts';
import { kinds as makers } from './kinds.generated.ts';

export type { DumpFunctions } from '../compose/dumps/program.ts';
export type { DumpSettings, Dumps } from '../compose/dumps.ts';
export type {
  Authority,
  Backup,
  Endpoint,
  EndpointContext,
  ExposedEndpoint,
  Exposure,
  HostNetwork,
  OtherRole,
  PlanNote,
  ProbeRequest,
  Recipe,
  RecipeContext,
  RecipeParts,
  RecipeResult,
} from '../compose/recipe.ts';
export type { CertificateWish, RoleCertificate } from '../compose/tls/certificate.ts';
export type { Problem, SourcePosition } from '../errors.ts';
export type { Facts } from '../facts/facts.ts';
export type { Folder } from '../host/folder.ts';
export type { Shell } from '../quote.ts';
export type { Notification, Resource, ResourceOptions, Validation } from '../resources/kind.ts';
export type { SecretWish } from '../secrets/make.ts';
export type { Secret } from '../secrets/secret.ts';

/** Types a recipe. */
export const defineRecipe: typeof define = define;

/** The zod that hostwright itself uses; `import { z } from 'zod'` is the same one. */
export const z: typeof zod = zod;

/** Types of inputs that refuse in plain words what could break out of a file, a path or a command. */
export const inputs: typeof inputTypes = inputTypes;

/** Every kind of resource with its maker: `kinds.file.of({ path: '/etc/motd', content: 'Hello.\n' })`. */
export const kinds: typeof makers = makers;

/** To be thrown where inputs cannot be had together: it is told at the role's place in the host file. */
export const UserError: typeof Refusal = Refusal;

/** Which interfaces and networks are the LAN: of `context.facts.network` and `context.network`. */
export const findLan: typeof lanOf = lanOf;

/** Whether an address is in that LAN. */
export const isInLan: typeof inLan = inLan;

/** The input `tls` of a role whose service speaks TLS; its name has to be `tls`. */
export const tlsInput: typeof tls = tls;

/** The certificate of a role with that input: resources to declare before the files that name it, and where it lies. */
export const certificateFor: typeof certificateOf = certificateOf;

/**
 * Dumps every night, and `hostwright db dump|restore`, for a role with data that a copy of files would not get whole:
 * an input, what `backup` of the recipe returns, and the resources.
 */
export const dumps: {
  readonly input: typeof dumpsInput;
  readonly backup: typeof backupOf;
  readonly resources: typeof dumpResources;
} = { input: dumpsInput, backup: backupOf, resources: dumpResources };

/** Text for the shell, in which every value is quoted: for the functions of dumps. */
export const sh: typeof shell = shell;
