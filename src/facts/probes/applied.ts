import { z } from 'zod';
import { STATE_DIRECTORY } from '../../connect/program.ts';
import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
/** It is shown to people, and comes from a host: on one line, and nothing that moves a cursor. */
const text = z
  .string()
  .max(4096)
  .transform((value) => value.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?'));

/** What the host keeps about the last apply, beside the host file itself. Written by `src/apply/applied.ts`. */
export const metaSchema = z.object({
  v: z.literal(1),
  /** Version of the hostwright that applied it. */
  hostwright: text,
  /** ISO 8601. */
  when: text,
  /** `anna@laptop`. */
  by: text,
  /** Absolute path of the folder on that computer. */
  folder: text,
  /** Name of the host file in it. */
  file: text,
  /** Of the host file, see `fingerprint` in `src/host/fingerprint.ts`. */
  sha256: hex,
  /** The host files applied before this one, newest first. */
  ancestors: z.array(hex).max(200),
  /** Of the folder's own recipes, all of them together; absent when it has none. */
  recipes: hex.optional(),
  /** Only this role was applied. */
  only: text.optional(),
  /** The checkout that the folder is part of. */
  git: z.object({ commit: text, branch: text.optional(), dirty: z.boolean() }).optional(),
  /** Uploaded folders: where they are on the host, and where they came from, as the host file's folder sees it. */
  trees: z.array(z.object({ at: text, source: text })).max(1000),
  /** Names of the secrets that the host file asks for, `role/name`. */
  secrets: z.array(text).max(1000).optional(),
});

export type AppliedMeta = z.output<typeof metaSchema>;

/** What was last applied to this host; nothing when hostwright never ran there. */
export interface Applied {
  /** Of the host file that the host keeps. */
  readonly sha256?: string;
  /** Absent also when it cannot be understood. */
  readonly meta?: AppliedMeta;
}

export const fact = defineFact<Applied>({
  // Line ends count for nothing: a checkout may change them.
  script: sh`cd ${`${STATE_DIRECTORY}/applied`} 2>/dev/null || exit 0
[ -f host.yaml ] && tr -d '\r' <host.yaml | sha256sum
head -c 200000 meta.json 2>/dev/null`,
  parse(output) {
    const [first = '', ...rest] = output.split('\n');
    const sha256 = /^([0-9a-f]{64}) /.exec(first)?.[1];
    if (sha256 === undefined) return {};
    const meta = metaSchema.safeParse(readJson(rest.join('\n')));
    return { sha256, ...(meta.success ? { meta: meta.data } : {}) };
  },
});

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
