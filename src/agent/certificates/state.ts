import { join } from 'node:path';
import { z } from 'zod';
import { type CertificateState, FORMAT } from '../declared.ts';
import { readSmall, writeWhole } from './files.ts';
import type { CertificatePlaces } from './places.ts';

const text = z.string().max(4_000);
const schema = z.object({
  format: z.literal(FORMAT),
  name: text,
  declared: text,
  tried: text,
  next: text,
  failures: z.number(),
  renewal: z.object({ at: text, askAgain: text.exactOptional() }).exactOptional(),
  issued: z
    .object({
      at: text,
      notBefore: text,
      notAfter: text,
      serial: text,
      names: z.array(text),
      directory: text,
    })
    .exactOptional(),
  verdict: z.discriminatedUnion('state', [
    z.object({ state: z.literal('issued') }),
    z.object({ state: z.literal('failed'), cause: text, text, detail: text }),
  ]),
});

/** Undefined where there is none, or one that nobody understands: then it is as if nothing had been tried. */
export async function readState(
  { state }: CertificatePlaces,
  name: string,
): Promise<CertificateState | undefined> {
  try {
    return schema.safeParse(JSON.parse((await readSmall(join(state, `${name}.json`))) ?? '')).data;
  } catch {
    return undefined;
  }
}

export function writeState({ state }: CertificatePlaces, content: CertificateState): Promise<void> {
  return writeWhole(join(state, `${content.name}.json`), `${JSON.stringify(content, null, 2)}\n`, 0o644);
}

/** The chain that was issued last. */
export async function readIssued({ issued }: CertificatePlaces, name: string): Promise<string | undefined> {
  return readSmall(join(issued, `${name}.pem`)).catch(() => undefined);
}

export function writeIssued({ issued }: CertificatePlaces, name: string, chain: string): Promise<void> {
  return writeWhole(join(issued, `${name}.pem`), chain, 0o644);
}
