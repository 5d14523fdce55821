/** What the agent on a host tells of certificates, read as a stranger's: by type, bounded, and safe to print. */
import { z } from 'zod';
import { plainLine } from '../../ui/plain-text.ts';

const text = z.string().transform((value) => plainLine(value.slice(0, 600)));

const schema = z.object({
  name: text,
  next: text,
  failures: z.number(),
  renewal: z.object({ at: text }).optional(),
  issued: z.object({ notAfter: text, names: z.array(text).max(200) }).optional(),
  verdict: z.discriminatedUnion('state', [
    z.object({ state: z.literal('issued') }),
    z.object({ state: z.literal('failed'), cause: text, text, detail: text }),
  ]),
});

/** A `CertificateState` of `src/agent/declared.ts`. */
export type ToldCertificate = z.output<typeof schema>;

/** @returns undefined for whatever is no such state */
export function readToldCertificate(json: unknown): ToldCertificate | undefined {
  return schema.safeParse(json).data;
}
