import { z } from 'zod';
import { STATE_DIRECTORY } from '../connect/program.ts';
import type { Answer } from '../connect/root-shell.ts';
import { HostError } from '../errors.ts';
import { type Shell, sh } from '../quote.ts';

type Read = (script: Shell) => Promise<Answer>;

/** What a host keeps of the last apply besides `meta.json`, which is a fact. */
export interface AppliedContent {
  /** The host file. */
  readonly text: string;
  /** The folder's own recipes, by their path below `recipes/`. */
  readonly recipes: ReadonlyMap<string, string>;
  /** Of every resource that was declared then, see `src/plan/spec-digest.ts`. */
  readonly specs: ReadonlyMap<string, string>;
}

const recipesFormat = z.object({ v: z.literal(1), files: z.record(z.string(), z.string()) });
const specsFormat = z.object({ v: z.literal(1), specs: z.record(z.string(), z.string()) });

/**
 * Reads what was last applied. One exchange.
 * @throws {HostError} when the host keeps no host file, or none that can be read
 */
export async function readApplied(read: Read): Promise<AppliedContent> {
  const { output, status } = await read(sh`cd ${`${STATE_DIRECTORY}/applied`} || exit 1
for hw_file in host.yaml recipes.json specs.json; do base64 -w0 -- "$hw_file" 2>/dev/null; echo; done`);
  const [text = '', recipes = '', specs = ''] = output
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'base64').toString('utf8'));
  if (status !== 0 || text === '') {
    throw new HostError('This host keeps no host file.', {
      hint: 'It is kept from the first `hostwright apply` on.',
    });
  }
  return {
    text,
    recipes: new Map(Object.entries(parse(recipesFormat, recipes)?.files ?? {})),
    specs: new Map(Object.entries(parse(specsFormat, specs)?.specs ?? {})),
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
