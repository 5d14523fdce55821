import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { inputs as extras } from '../../recipes/extras/inputs.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { payloads } from '../injection/hostile.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';

const LAB = 'injection';
/** A file that comes to be when hostile text is run as root on the box. */
const CANARY = '/run/canary';

let folder: WorkingFolder;

beforeAll(async () => {
  folder = workingFolder();
  await labUp({ name: LAB, release: 'bookworm', report: () => undefined });
});
afterAll(async () => {
  folder?.remove();
  await labDown({ name: LAB, report: () => undefined });
});

/** Each text in one place after the other, where the recipe takes it. */
function nasty() {
  const texts = payloads(CANARY).filter((text) => text.length < 10_000);
  const names = [
    ...new Set(
      texts
        .map((text) => `/srv/nasty/${text.replaceAll('/', '-')}`)
        .filter((path) => !/\/\.{0,2}$/.test(path)),
    ),
  ];
  const taken = (part: Record<string, unknown>): boolean => extras.safeParse(part).success;
  const files = [
    ...texts.map((content, index) => ({ path: `/srv/nasty/content-${index}`, content })),
    ...names.map((path, index) => ({ path, content: `named ${index}\n` })),
  ].filter((file) => taken({ files: [file] }));
  const links = texts
    .map((target, index) => ({ path: `/srv/nasty/link-${index}`, target }))
    .filter((link) => taken({ links: [link] }));
  const commands = texts
    .map((text, index) => {
      const creates = `/srv/nasty/made-${index}`;
      return {
        name: `make-${index}`,
        run: ['sh', '-c', 'printf %s "$1" >"$2"', 'sh', text, creates],
        creates,
      };
    })
    .filter((command) => taken({ commands: [command] }));
  const users = texts
    .filter((text) => !/[:\n]/.test(text) && text.trim() !== '')
    .slice(0, 12)
    .map((comment, index) => ({ name: `nasty${index}`, comment }))
    .filter((user) => taken({ users: [user] }));
  return { directories: [{ path: '/srv/nasty' }], files, links, commands, users };
}

it('writes hostile text as data on a real machine, and runs none of it', async () => {
  const own = nasty();
  const count = own.files.length + own.links.length + own.commands.length + own.users.length;
  expect(count).toBeGreaterThan(50);
  const host = {
    host: 'attic',
    connect: { lab: LAB },
    roles: { own: { recipe: 'extras', ...own }, blog: { recipe: 'site' } },
  };
  folder.write('host.yaml', stringify(host));
  folder.write('public/index.html', 'hello\n');
  const pages = payloads(CANARY)
    .map((text) => text.replaceAll(/[/\0]/g, '-').slice(0, 60))
    .filter((text) => text.trim() !== '' && !/[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/u.test(text));
  for (const page of new Set(pages)) folder.write(`public/page ${page}.html`, page);

  const applied = await hostwright(['apply', '--yes', '--json', '--no-check'], folder.path);
  const failed = applied.stdout.split('\n').filter((line) => line.includes('"failed",'));
  expect(
    summaryOf(applied),
    `${failed.join('\n').slice(0, 3000)}${applied.stderr.slice(-2000)}`,
  ).toMatchObject({ failed: 0 });

  const read = async (script: string): Promise<string> => {
    const { stdout } = await labCapture({ name: LAB, node: 'box', argv: ['sh', '-c', script] });
    return stdout;
  };
  expect(await read(`ls -d ${CANARY} /run/canary* 2>/dev/null; :`)).toBe('');
  const hashes = (await read('find /srv/nasty -type f -print0 | xargs -0 sha256sum -z --'))
    .split('\0')
    .filter(Boolean);
  const there = new Map(hashes.map((line) => [line.slice(66), line.slice(0, 64)]));
  const made = own.commands.map(({ run, creates }) => ({ path: creates, content: run[4] ?? '' }));
  for (const { path, content } of [...own.files, ...made]) {
    const tidy = extras.parse({ files: [{ path, content }] }).files[0]?.path ?? path;
    expect(there.get(tidy), JSON.stringify(tidy)).toBe(createHash('sha256').update(content).digest('hex'));
  }
  for (const { path, target } of own.links) expect(await read(`readlink ${path}`)).toBe(`${target}\n`);
  for (const { name, comment } of own.users)
    expect((await read(`getent passwd ${name}`)).split(':')[4], name).toBe(comment);

  const again = await hostwright(['apply', '--yes', '--json', '--no-check'], folder.path);
  expect(summaryOf(again), again.stderr.slice(-2000)).toMatchObject({ changed: 0, failed: 0 });
  expect(await read(`ls -d ${CANARY}* 2>/dev/null; :`)).toBe('');
});
