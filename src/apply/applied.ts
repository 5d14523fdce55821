import { createHash } from 'node:crypto';
import { isAbsolute, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { OwnedResource } from '../compose/collect.ts';
import type { Applied, AppliedMeta } from '../facts/probes/applied.ts';
import type { Checkout } from '../host/checkout.ts';
import { fingerprint } from '../host/fingerprint.ts';
import type { OwnRecipes } from '../host/own-recipes.ts';
import { recipesHash } from '../host/own-recipes.ts';
import { specDigests } from '../plan/spec-digest.ts';
import type { Blob } from '../resources/kind.ts';
import type { Origin } from './journal.ts';
import type { StateFile } from './script.ts';

/** Hashes of earlier host files that the host keeps. */
const ANCESTORS = 100;

/** What an apply came from. */
export interface Source {
  /** The host file, as it was read. */
  readonly text: string;
  /** Folder of the host file, absolute. */
  readonly directory: string;
  readonly recipes: OwnRecipes;
  readonly checkout: Checkout | undefined;
  readonly origin: Origin;
  readonly when: Date;
  /** What was applied before. */
  readonly before: Applied;
  /** What is applied. */
  readonly resources: readonly OwnedResource[];
  /** What the whole host file declares; more than is applied with `--only`. */
  readonly declared: readonly OwnedResource[];
  /** Names of the secrets that were asked for. */
  readonly secrets: readonly string[];
  /** `--only`. */
  readonly only: string | undefined;
}

/** What a host keeps of where its state came from: enough to have the working folder back without that computer. Pure. */
export function appliedFiles(source: Source): readonly StateFile[] {
  const { text, recipes, resources } = source;
  return [
    file('host.yaml', text),
    file('recipes.json', `${JSON.stringify({ v: 1, files: Object.fromEntries(recipes) })}\n`),
    file('specs.json', `${JSON.stringify({ v: 1, specs: Object.fromEntries(specDigests(resources)) })}\n`),
    // Last: it speaks of the others.
    file('meta.json', `${JSON.stringify(metaOf(source), undefined, 2)}\n`),
  ];
}

function metaOf(source: Source): AppliedMeta {
  const { text, directory, recipes, checkout, origin, when, before, declared, secrets, only } = source;
  const sha256 = fingerprint(text);
  const hash = recipesHash(recipes);
  const ancestors = [before.sha256, before.meta?.sha256, ...(before.meta?.ancestors ?? [])];
  const others = ancestors.filter((ancestor): ancestor is string => ![undefined, sha256].includes(ancestor));
  return {
    v: 1,
    hostwright: origin.version,
    when: when.toISOString(),
    by: `${origin.user}@${origin.machine}`,
    folder: origin.folder,
    file: origin.file ?? 'host.yaml',
    sha256,
    ancestors: [...new Set(others)].slice(0, ANCESTORS),
    ...(hash === undefined ? {} : { recipes: hash }),
    ...(only === undefined ? {} : { only }),
    ...(checkout ? { git: checkout } : {}),
    trees: declared.flatMap(({ resource }) => treeOf(resource.spec, directory)),
    ...(secrets.length > 0 ? { secrets: [...secrets] } : {}),
  };
}

/** Where an uploaded folder lies on the host and beside the host file; of one from elsewhere nothing could be restored. */
function treeOf(spec: unknown, directory: string): AppliedMeta['trees'] {
  if (!isTree(spec)) return [];
  const source = relative(directory, spec.folder.path);
  if (isAbsolute(source) || source === '..' || source.startsWith(`..${sep}`)) return [];
  return [{ at: spec.path, source: source.replaceAll(sep, '/') || '.' }];
}

function isTree(spec: unknown): spec is { path: string; folder: { path: string } } {
  if (typeof spec !== 'object' || spec === null || !('folder' in spec && 'path' in spec)) return false;
  const { folder, path } = spec;
  return typeof path === 'string' && typeof folder === 'object' && folder !== null && 'path' in folder;
}

function file(name: string, text: string): StateFile {
  const bytes = Buffer.from(text);
  const blob: Blob = {
    // A blob of the same content may belong to a step, which may move it away.
    name: `applied.${name}`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    open: () => Readable.from([bytes]),
  };
  return { path: `applied/${name}`, blob };
}
