/** What the agent on a host tells of names that it keeps up, read as a stranger's. */
import { z } from 'zod';
import { plainLine } from '../../ui/plain-text.ts';

const text = z.string().transform((value) => plainLine(value.slice(0, 600)));

const schema = z.object({
  role: text,
  addresses: z.array(text).max(16),
  verdict: z.discriminatedUnion('state', [
    z.object({ state: z.literal('current') }),
    z.object({ state: z.literal('failed'), text, detail: text }),
  ]),
});

/** A `DdnsState` of `src/agent/declared.ts`. */
export type ToldDdns = z.output<typeof schema>;

/** @returns undefined for whatever is no such state */
export function readToldDdns(json: unknown): ToldDdns | undefined {
  return schema.safeParse(json).data;
}
