import { describe, expect, it } from 'vitest';
import postgres from '../../recipes/postgres/recipe.ts';
import site from '../../recipes/site/recipe.ts';
import { backupOfRole, openDumps } from '../../src/cli/db/program.ts';
import type { HostRun } from '../../src/cli/host-run.ts';
import type { Recipe } from '../../src/compose/recipe.ts';
import type { Answer } from '../../src/connect/root-shell.ts';
import { HostError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import type { Shell } from '../../src/quote.ts';

const role = (name: string, definition: unknown, input: object, line: number) => ({
  ...{ name, recipe: name, definition: definition as Recipe, expose: 'lan' as const },
  input: (definition as Recipe).inputs.parse(input),
  at: () => ({ file: 'host.yaml', line }),
});

const host = {
  ...{ file: 'host.yaml', directory: '/home/me', name: 'attic', network: { lan: [] } },
  connect: { kind: 'lab' } as Host['connect'],
  roles: [
    role('blog', site, {}, 4),
    role('db', postgres, { databases: [{ name: 'blog' }, { name: 'shop' }] }, 5),
  ],
  ...{ folders: new Map(), templates: new Map() },
} satisfies Host;

/** The dumps of `db` on a host that gives these answers; `called` is what it was asked to run, and as which unit. */
async function dumpsOn(answer: Partial<Omit<Answer, 'output'>> & { readonly output?: string }) {
  const called: string[] = [];
  const operate = (unit: string, script: Shell): Promise<Answer> => {
    called.push(`${unit}: ${script.text}`);
    return Promise.resolve({ status: 0, errors: '', ...answer, output: Buffer.from(answer.output ?? '') });
  };
  const run = { open: () => Promise.resolve({ operate, host }) } as unknown as HostRun;
  return { dumps: await openDumps(run, 'db', backupOfRole(host, 'db')), called };
}

describe('the dumps of a role', () => {
  it('are where its recipe says', () => {
    expect(backupOfRole(host, 'db')).toMatchObject({
      ...{ user: 'postgres', databases: ['blog', 'shop'] },
      ...{ folder: '/var/backups/hostwright-db/db', program: '/usr/local/lib/hostwright/dump-db' },
    });
  });

  it('are none of a role that is not there, or has no databases', () => {
    expect(() => backupOfRole(host, 'bd')).toThrow(
      'There is no role ‘bd’ in host.yaml.\n  Roles with databases: db.',
    );
    expect(() => backupOfRole(host, 'blog')).toThrow(
      /^host\.yaml:4: The role ‘blog’ \(recipe blog\) is no database server/,
    );
    expect(() => backupOfRole({ ...host, roles: [] }, 'db')).toThrow(
      'None of its roles is a database server.',
    );
  });

  it('are listed as the host prints them', async () => {
    const { dumps } = await dumpsOn({
      output: '20261122T184530Z\t5011\tblog shop \n20261121T020000Z-x\t9\t\n',
    });
    expect(await dumps.list()).toEqual([
      { name: '20261122T184530Z', bytes: 5011, databases: ['blog', 'shop'] },
      { name: '20261121T020000Z-x', bytes: 9, databases: [] },
    ]);
  });

  it('are made by the account that owns them, in a unit that outlives the connection', async () => {
    const { dumps, called } = await dumpsOn({ output: '20261122T184530Z\n' });
    expect(await dumps.dump()).toBe('20261122T184530Z');
    expect(called).toEqual([
      expect.stringMatching(/^hostwright-db-db: .*runuser -u 'postgres' -- '\S+\/dump-db' 'dump'$/s),
    ]);
  });

  it('are put back, with the one that keeps what was there', async () => {
    const { dumps } = await dumpsOn({ output: 'safety 2-before-restore\nrestored blog\nrestored shop\n' });
    expect(await dumps.restore('1', false)).toEqual({
      safety: '2-before-restore',
      databases: ['blog', 'shop'],
    });
    const nothing = await dumpsOn({ output: 'restored blog\n' });
    expect(await nothing.dumps.restore('1', false)).toEqual({ databases: ['blog'] });
  });
});

describe('a host that makes no dump', () => {
  const REFUSED =
    'Failed to start transient service unit: Unit hostwright-db-db.service was already loaded or has a fragment file.';

  it.each([
    [127, '', 'is not on attic yet', 'hostwright apply'],
    [3, 'Another dump or restore is under way.', 'is under way on attic', 'Wait until'],
    [1, REFUSED, 'is under way on attic', 'Wait until'],
    [4, 'PostgreSQL does not answer.', 'does not answer on attic', 'hostwright apply'],
    [1, 'ERROR:  relation "posts" already exists', 'The dump was not restored on attic.', 'is above'],
    [5, 'The database blog is INCOMPLETE.', 'is incomplete on attic', 'hostwright db restore db'],
    [6, 'What is there could not be dumped: blog.', 'cannot be dumped before', '--no-safety-dump'],
  ])('says why, by status %d and %j', async (status, errors, message, hint) => {
    const { dumps } = await dumpsOn({ status, errors: `${errors}\n` });
    const error = await dumps.restore('1', false).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(HostError);
    expect((error as HostError).message).toContain(message);
    expect((error as HostError).hint).toContain(hint);
    if (status !== 127) expect((error as HostError).output).toBe(errors);
  });
});
