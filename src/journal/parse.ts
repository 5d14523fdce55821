import { z } from 'zod';
import type { Journal, JournalRun, RunStatus } from './run.ts';

/** Seconds between the two clocks that are worth a word. */
const CLOCKS_APART = 300;

/** What `owner.json` says; a field that is not as it should be is as good as none. */
const Owner = z.object({
  kind: z.string().catch('apply'),
  host: z.string().optional().catch(undefined),
  at: z.string().optional().catch(undefined),
  by: z
    .object({
      user: z.string(),
      machine: z.string(),
      process: z.number(),
      version: z.string(),
      folder: z.string(),
      file: z.string(),
    })
    .partial()
    .optional()
    .catch(undefined),
  client: z.string().optional().catch(undefined),
  only: z.string().optional().catch(undefined),
  changes: z.number().optional().catch(undefined),
});

/** Lines of the host's answer as fields; it ends where the host said. */
export function linesOf(output: Buffer): readonly (readonly string[])[] {
  return output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** Reads the answer to `listScript`. Pure. */
export function parseJournal(output: Buffer): Journal {
  const lines = linesOf(output);
  const field = (label: string) => lines.find(([first]) => first === label);
  const reach = field('reach');
  return {
    runs: lines.filter(([label]) => label === 'run').map(([, ...fields]) => parseRun(fields)),
    total: Number(field('total')?.[1] ?? 0),
    ...(reach ? { reach: { run: reach[1] ?? '', started: time(reach[2] ?? '') } } : {}),
  };
}

/** Reads the fields of a line about one run. */
export function parseRun(fields: readonly string[]): JournalRun {
  const [id = '', began = '', ended = '-', status = '-', pruned = 'whole', said = ''] = fields;
  const [owner = '', json = '', undoneBy = ''] = decode(said).split('\0');
  const about = ownerOf(json);
  const clockOff = about.at === undefined ? 0 : Number(began) - Math.round(Date.parse(about.at) / 1000);
  const isOver = ended !== '-' && status !== 'active';
  return {
    id,
    kind: about.kind,
    status: undoneBy.trim() === '' ? statusOf(status) : 'rolled back',
    owner: owner.trim(),
    started: time(began),
    ...(isOver ? { ended: time(ended), seconds: Math.max(0, Number(ended) - Number(began)) } : {}),
    ...(undoneBy.trim() === '' ? {} : { undoneBy: undoneBy.trim() }),
    pruned: pruned === 'pruned',
    ...(Math.abs(clockOff) > CLOCKS_APART ? { clockOff } : {}),
    ...defined({ host: about.host, client: about.client, only: about.only, changes: about.changes }),
    ...(about.by === undefined ? {} : { by: defined(about.by) }),
  };
}

/** Text that came in base64; what is no text becomes replacement characters. */
export function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

function ownerOf(json: string): z.output<typeof Owner> {
  try {
    return Owner.parse(JSON.parse(json));
  } catch {
    return { kind: 'apply' };
  }
}

function statusOf(status: string): RunStatus {
  const known: Readonly<Record<string, RunStatus>> = {
    '0': 'done',
    '130': 'stopped',
    active: 'going on',
    refused: 'refused',
    interrupted: 'interrupted',
    // A run that never came to write how it ended.
    '-': 'interrupted',
  };
  return (Object.hasOwn(known, status) ? known[status] : undefined) ?? 'failed';
}

/** Seconds since 1970 as ISO 8601; the beginning of time for what is none. */
function time(seconds: string): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

/** Leaves out what is undefined. */
function defined<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [Key in keyof Value]?: Exclude<Value[Key], undefined>;
  };
}
