import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Plan } from '../plan/plan.ts';
import type { Blob } from '../resources/kind.ts';

/** What the journal on the host keeps of a plan: what was changed and how it looked, without secrets or content. */
export function journalBlob({ host, changes, notes, pending }: Plan): Blob {
  // A diff shows content, and that may hold secrets: the kept originals, which may too, lie in a place of their own.
  const without = changes.map(({ diff: _, ...change }) => change);
  const bytes = Buffer.from(JSON.stringify({ v: 1, host, changes: without, notes, pending }));
  return {
    name: 'plan.json',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    open: () => Readable.from([bytes]),
  };
}
