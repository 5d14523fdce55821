import type { z } from 'zod';

/**
 * What an input says about itself besides its type. The wizard, the JSON schema and the docs are derived from it:
 * `folder().meta({ question: 'Which folder holds the pages?', help: 'It is uploaded as it is.' })`.
 */
export interface InputMeta {
  /** Asked by the wizard, with its question mark. Absent: never asked, the default holds. */
  readonly question?: string;
  /** One sentence for the wizard, the editor's tooltip and the docs. */
  readonly help?: string;
  /** A value that a newcomer may write; the wizard offers it where an answer is needed and there is no default. */
  readonly example?: unknown;
  /**
   * For a recipe that the wizard adds without questions of its own: values that are a choice there, each with what it
   * means for the person who is asked.
   */
  readonly offer?: Readonly<Record<string, string>>;
  /** What the text stands for, set by the functions of `inputs.ts`: `load` scans what is a `folder`. */
  readonly input?: string;
  /** Another key beside this one: where that is given, a folder named by this one is not looked at. */
  readonly unless?: string;
}

declare module 'zod' {
  interface GlobalMeta extends InputMeta {}
}

/**
 * The metadata of an input, looked for through `optional()`, `default()` and the like,
 * which zod wraps around the schema that carries it. The outermost word wins.
 */
export function inputMeta(schema: z.core.$ZodType): InputMeta {
  const own =
    'meta' in schema && typeof schema.meta === 'function' ? (schema.meta() as InputMeta) : undefined;
  const inner = unwrap(schema);
  return inner ? { ...inputMeta(inner), ...own } : { ...own };
}

/** The schema inside one wrapper (`optional`, `default`, `nullable`, `readonly`, `catch`, the input of a pipe). */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const definition = schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType };
  return definition.innerType ?? definition.in;
}
