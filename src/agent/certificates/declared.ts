import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type CertificateDeclaration, FORMAT } from '../declared.ts';
import { isCode, readSmall } from './files.ts';
import type { CertificatePlaces } from './places.ts';

const label = '(?!-)[a-z0-9-]{1,63}(?<!-)';
const domainName = new RegExp(String.raw`^(\*\.)?(${label}\.)*${label}$`);
const url = z
  .string()
  .max(2_000)
  .regex(/^https?:\/\/[^\s]+$/);
const name = z.string().max(253).regex(domainName);

/** Of its folder, and of the files that are about it. */
const certificateName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);

const schema = z.object({
  format: z.literal(FORMAT),
  name: certificateName,
  names: z.array(name).min(1).max(100),
  directory: url,
  authority: z.string().min(1).max(200),
  staging: url.exactOptional(),
  trust: z.string().startsWith('/').max(500).exactOptional(),
  email: z.string().max(320).exactOptional(),
  eab: z.object({ kid: z.string().min(1).max(500), hmacKey: z.string().min(1).max(500) }).exactOptional(),
  keyType: z.enum(['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096']),
  challenge: z.discriminatedUnion('type', [
    z.object({ type: z.literal('http-01') }),
    z.object({
      type: z.literal('dns-01'),
      server: z.string().min(1).max(253),
      port: z.int().min(1).max(65_535),
      key: z
        .object({
          name: z.string().max(253),
          algorithm: z.enum(['hmac-sha256', 'hmac-sha512']),
          secret: z.string().max(1_000),
        })
        .exactOptional(),
      zones: z.record(z.string(), z.string().max(253)).exactOptional(),
    }),
    z.object({ type: z.literal('dns-01-hook'), command: z.string().startsWith('/').max(1_000) }),
  ]),
});

/** A file of certificates.d, and what it says: or why that can't be used. */
export type Declared = {
  readonly name: string;
  /** SHA-256 of the file. */
  readonly digest: string;
} & ({ readonly declaration: CertificateDeclaration } | { readonly fault: string });

/** All of them, by name. @throws when the folder can't be read */
export async function readDeclarations({ declarations }: CertificatePlaces): Promise<readonly Declared[]> {
  const files = await readdir(declarations).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  });
  const names = files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter((one) => certificateName.safeParse(one).success)
    .sort();
  const found = await Promise.all(names.map((one) => readDeclaration({ declarations }, one)));
  return found.filter((one) => one !== undefined);
}

/** Undefined where there is none. */
export async function readDeclaration(
  { declarations }: Pick<CertificatePlaces, 'declarations'>,
  wanted: string,
): Promise<Declared | undefined> {
  const text = await readSmall(join(declarations, `${wanted}.json`));
  return text === undefined ? undefined : declarationFrom(wanted, text);
}

/** Reads a declaration. Pure. */
export function declarationFrom(wanted: string, text: string): Declared {
  const digest = createHash('sha256').update(text).digest('hex');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { name: wanted, digest, fault: 'the file is no JSON' };
  }
  const read = schema.safeParse(content);
  if (!read.success) {
    const [issue] = read.error.issues;
    return {
      name: wanted,
      digest,
      fault: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`,
    };
  }
  if (read.data.name !== wanted)
    return { name: wanted, digest, fault: `it is about ‘${read.data.name}’, not about ‘${wanted}’` };
  return { name: wanted, digest, declaration: read.data };
}
