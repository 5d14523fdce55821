import { z } from 'zod';
import { inputMeta, unwrap } from '../compose/input-meta.ts';
import { plainWords } from '../host/zod-words.ts';
import { fromWords, Words } from './answers.ts';
import type { Prompts } from './prompts.ts';

/** Asks for one input in the way that suits its type. Undefined: left to the default. */
export async function askInput(key: string, schema: z.core.$ZodType, prompts: Prompts): Promise<unknown> {
  const { question, help, input } = inputMeta(schema);
  const made = input === 'folder' ? ['It is made, with a first page in it, where there is none.'] : [];
  const remarks = [...(help ? [help] : []), ...made].map((remark) => `\n  ${remark}`);
  const message = [question ?? `${key}?`, ...remarks, ...(remarks.length > 0 ? ['\n '] : [])].join('');
  const fallback = defaultOf(schema);
  const bare = strip(schema);
  if (bare instanceof z.ZodBoolean) return prompts.confirm({ message, default: fallback === true });
  if (bare instanceof z.ZodEnum) {
    const options = [...bare.options].sort((a, b) => Number(b === fallback) - Number(a === fallback));
    return prompts.select({ message, choices: options.map((value) => ({ name: String(value), value })) });
  }
  const mayLack = z.safeParse(schema, undefined).success;
  const text = await prompts.input({
    message,
    ...(fallback !== undefined && { default: inline(fallback) }),
    check: (typed) => (typed === '' && mayLack ? undefined : complaint(schema, typed)),
  });
  return text === '' && mayLack ? undefined : understand(schema, new Words(text));
}

/** What a given answer is for this input: the first reading of its words that the input accepts. */
export function understand(schema: z.core.$ZodType, answer: unknown): unknown {
  if (!(answer instanceof Words)) return answer;
  const readings = [answer.text, fromWords(answer), ...asYesOrNo(answer.text), asList(answer.text)];
  const fitting = readings.find((reading) => z.safeParse(schema, reading).success);
  return fitting === undefined ? fromWords(answer) : fitting;
}

function complaint(schema: z.core.$ZodType, typed: string): string | undefined {
  const result = z.safeParse(schema, understand(schema, new Words(typed)), { error: plainWords });
  return result.success ? undefined : result.error.issues[0]?.message;
}

function asYesOrNo(text: string): boolean[] {
  if (text === 'yes') return [true];
  return text === 'no' ? [false] : [];
}

/** `family, guests` */
function asList(text: string): unknown[] {
  return text.split(',').map((part) => fromWords(new Words(part.trim())));
}

/** What holds when nothing is said; where something must be said, the recipe's example. */
function defaultOf(schema: z.core.$ZodType): unknown {
  const absent = z.safeParse(schema, undefined);
  return absent.success ? absent.data : inputMeta(schema).example;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return value.map(inline).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function strip(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = unwrap(schema);
  return inner ? strip(inner) : schema;
}
