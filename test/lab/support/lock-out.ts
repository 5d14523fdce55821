/**
 * Applies, as the laptop of a lab, files that cut the way in, guarded as a recipe would guard them. Prints each event as
 * a line of JSON.
 *
 *     lock-out.ts LAB '[{"path": "/etc/…", "content": "…", "service": "ssh", "action": "reload"}]'
 */
import { z } from 'zod';
import { openSession } from '../../../src/apply/open-session.ts';
import type { Recipe } from '../../../src/compose/recipe.ts';
import type { Host } from '../../../src/host/host.ts';
import { kind as file } from '../../../src/resources/file.ts';

const [lab = '', files = '[]'] = process.argv.slice(2);
const wanted = z
  .array(
    z.strictObject({
      path: z.string(),
      content: z.string(),
      service: z.string().optional(),
      action: z.enum(['reload', 'restart']).default('restart'),
    }),
  )
  .parse(JSON.parse(files));

const definition: Recipe = {
  title: 'Lock out',
  summary: 'Cuts the way in.',
  inputs: z.object({}),
  exposable: false,
  resources: () => ({
    resources: wanted.map(({ path, content, service, action }) =>
      file.of(
        { path, content },
        { guarded: true, notify: service === undefined ? [] : [{ service, action }] },
      ),
    ),
  }),
};
const host: Host = {
  file: 'host.yaml',
  directory: process.cwd(),
  name: 'attic',
  connect: { kind: 'lab', name: lab, sudo: 'none' },
  network: { lan: [] },
  roles: [
    {
      name: 'lock-out',
      recipe: 'lock-out',
      definition,
      expose: 'host',
      input: {},
      at: () => ({ file: 'host.yaml', line: 1, column: 1 }),
    },
  ],
  folders: new Map(),
  templates: new Map(),
};
const session = await openSession(host, {
  ask: {
    interactive: false,
    secret: () => Promise.reject(new Error('nobody is asked')),
    confirm: () => Promise.resolve(false),
  },
  listener: (event) => process.stdout.write(`${JSON.stringify({ ...event, plan: undefined })}\n`),
  adopt: wanted.map(({ path }) => `file:${path}`),
  onConflict: 'take',
  closeUnlisted: false,
  owner: 'a test',
  attach: true,
  signal: new AbortController().signal,
});
const { failed } = await session.apply(await session.plan());
await session.close();
process.exitCode = failed > 0 ? 1 : 0;
