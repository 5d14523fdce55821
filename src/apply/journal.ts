import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Plan } from '../plan/plan.ts';
import type { Blob } from '../resources/kind.ts';

/** What the journal on the host keeps of a plan: what was changed and how it looked, without secrets or content. */
export function journalBlob({ host, changes, notes, pending }: Plan): Blob {
  const bytes = Buffer.from(JSON.stringify({ v: 1, host, changes, notes, pending }));
  return {
    name: 'plan.json',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    open: () => Readable.from([bytes]),
  };
}
