import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/events.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { PLAIN } from '../../src/ui/paint.ts';
import { createJsonView } from '../../src/ui/views/json-view.ts';
import { createLinesView } from '../../src/ui/views/lines-view.ts';
import { createTtyView } from '../../src/ui/views/tty-view.ts';
import type { View } from '../../src/ui/views/view.ts';
import { createTerminal } from './terminal.ts';

const plan: Plan = {
  host: 'attic',
  changes: [
    { id: 'package:nginx', role: 'blog', kind: 'package', action: 'create', summary: 'install 1.22' },
    { id: 'file:/etc/a', role: 'blog', kind: 'file', action: 'update', summary: '2 lines differ' },
    { id: 'file:/etc/b', role: 'fence', kind: 'file', action: 'create', summary: '9 lines' },
  ],
  steps: [],
  unchanged: 4,
  foreignTouched: [],
  pending: [],
  notes: [],
  endpoints: [],
  services: {},
};

const before: readonly RunEvent[] = [
  { event: 'connecting', target: 'pi@attic' },
  { event: 'connected', target: 'pi@attic', os: 'Debian 12' },
  { event: 'planned', plan },
  { event: 'started', run: 'r1', steps: 3 },
  { event: 'uploading', bytes: 10_000_000, total: 20_000_000 },
  { event: 'step-started', ids: ['package:nginx'], summary: 'install nginx' },
  { event: 'step-ended', ids: ['package:nginx'], status: 'changed', seconds: 12.3 },
];

const summary = (part: Partial<Extract<RunEvent, { event: 'summary' }>>): RunEvent => ({
  event: 'summary',
  run: 'r1',
  changed: 3,
  unchanged: 4,
  failed: 0,
  skipped: [],
  seconds: 20,
  roundTrips: 3,
  ...part,
});

const success: readonly RunEvent[] = [
  ...before,
  { event: 'step-started', ids: ['file:/etc/a'], summary: 'update /etc/a' },
  { event: 'step-ended', ids: ['file:/etc/a'], status: 'changed', seconds: 0.1 },
  { event: 'step-started', ids: ['file:/etc/b'], summary: 'create /etc/b' },
  { event: 'step-ended', ids: ['file:/etc/b'], status: 'changed', seconds: 0.1 },
  { event: 'confirming', seconds: 60 },
  { event: 'confirmed' },
  { event: 'notified', service: 'nginx', action: 'reload', ok: true },
  { event: 'note', text: 'something to know' },
  summary({}),
];

const failure: readonly RunEvent[] = [
  ...before,
  { event: 'step-started', ids: ['file:/etc/a'], summary: 'update /etc/a' },
  {
    event: 'step-ended',
    ids: ['file:/etc/a'],
    status: 'failed',
    seconds: 0.1,
    reason: 'nginx rejected the new files',
    output: 'emerg: unknown directive "lisen"',
  },
  summary({ changed: 1, failed: 1, skipped: ['file:/etc/b'] }),
];

const views: Readonly<Record<string, (stream: NodeJS.WriteStream, quiet: boolean) => View>> = {
  json: (stream) => createJsonView((value) => stream.write(`${JSON.stringify(value)}\n`)),
  lines: (stream, quiet) => createLinesView(look(stream, quiet)),
  tty: (stream, quiet) => createTtyView(look(stream, quiet)),
};

const look = (stream: NodeJS.WriteStream, quiet: boolean) => ({
  stream,
  paint: PLAIN,
  verbose: false,
  quiet,
  signal: new AbortController().signal,
});

async function shown(name: string, events: readonly RunEvent[], quiet = false): Promise<string> {
  const { stream, text } = createTerminal();
  const view = views[name]?.(stream, quiet);
  for (const event of events) view?.listener(event);
  await view?.end();
  await view?.end();
  return text();
}

it('counts the steps of a run of somebody else, whose plan it does not know', async () => {
  const text = await shown('lines', [
    { event: 'attached', run: 'r0', owner: 'jo@tower' },
    { event: 'step-started', ids: ['step 1'], summary: '' },
    { event: 'step-ended', ids: ['step 1'], status: 'changed', seconds: 0.1 },
  ]);
  expect(text).toContain('[1] changed step 1 (0.1 s)');
});

describe.each(Object.keys(views))('the %s view', (name) => {
  it('tells what a successful run did', async () => {
    const text = await shown(name, success);
    for (const part of ['pi@attic', 'Debian 12', 'nginx', 'something to know']) expect(text).toContain(part);
    expect(text).toMatch(/changed"?: ?3/);
    expect(text).toMatch(/failed"?: ?0/);
  });

  it('tells why a run failed, with the output, and what was not reached', async () => {
    const text = await shown(name, failure);
    expect(text).toContain('nginx rejected the new files');
    expect(text).toContain('unknown directive');
    expect(text.match(/file:\/etc\/a/g)).not.toBeNull();
    expect(text.slice(text.lastIndexOf('nginx rejected'))).toContain('file:/etc/b');
    expect(text).toMatch(/failed"?: ?1/);
  });

  it('puts the summary last', async () => {
    const lines = (await shown(name, success)).trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/changed"?: ?3/);
  });

  it('can be paused for a question in the middle of a step, and goes on', async () => {
    const { stream, text } = createTerminal();
    const view = views[name]?.(stream, false);
    for (const event of success.slice(0, 6)) view?.listener(event);
    await view?.pause();
    stream.write('QUESTION\n');
    expect(text().trimEnd().endsWith('QUESTION')).toBe(true);
    for (const event of success.slice(6)) view?.listener(event);
    await view?.end();
    expect(text()).toMatch(/changed"?: ?3/);
  });

  it('ends when a run breaks off without a summary', async () => {
    await expect(shown(name, before)).resolves.toContain('pi@attic');
  });

  it('passes no control sequence of the host on', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J';
    const text = await shown(name, [
      { event: 'connected', target: `a${evil}`, os: evil },
      { event: 'started', run: 'r', steps: 1 },
      { event: 'step-started', ids: ['file:/x'], summary: `s${evil}` },
      {
        event: 'step-ended',
        ids: [`file:/x${evil}`],
        status: 'failed',
        seconds: 1,
        reason: `r${evil}`,
        output: evil,
      },
      { event: 'notified', service: `n${evil}`, action: 'reload', ok: false, output: evil },
      { event: 'note', text: evil },
      summary({ skipped: [evil] }),
    ]);
    expect(text).not.toContain('\u001b]0;');
    expect(text).not.toContain('\u001b[2J');
  });
});

describe('the json view', () => {
  it('prints nothing but objects with a version, and a plan without its steps', async () => {
    const objects = (await shown('json', success))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.every(({ v }) => v === 1)).toBe(true);
    expect(objects.at(-1)).toMatchObject({ v: 1, event: 'summary', run: 'r1', changed: 3, roundTrips: 3 });
    const planned = objects.find(({ event }) => event === 'planned');
    expect(planned.plan).toMatchObject({ v: 1, host: 'attic', unchanged: 4 });
    expect(planned.plan.steps).toBeUndefined();
  });
});

describe('the lines view', () => {
  it('says only what went wrong, and the summary, when quiet', async () => {
    expect((await shown('lines', success, true)).trimEnd().split('\n')).toHaveLength(1);
    expect(await shown('lines', failure, true)).toContain('nginx rejected');
  });
});

describe('the tty view', () => {
  it('shows the cursor again', async () => {
    const text = await shown('tty', failure);
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  });
});
