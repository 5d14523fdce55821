import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { UserError } from '../../src/errors.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import type { LabState } from '../../src/lab/state.ts';
import { labUp } from '../../src/lab/up.ts';
import { type CaseSecrets, casesOfRecipe, readCase, secretsOfCase } from '../recipes/cases.ts';
import {
  type Finished,
  hostwright,
  jsonLines,
  start,
  summaryOf,
  type WorkingFolder,
  workingFolder,
} from './support/hostwright.ts';
import { ssh } from './support/laptop.ts';
import { sampled } from './support/process-sampler.ts';
import { bringSecret, labCase, oneOfEach } from './support/recipe-cases.ts';
import { boxFilesWith, filesWith, foundIn } from './support/secret-hunt.ts';

const LAB = 'secrets';
/** What files, and all of /etc where packages were installed, were like before a run, for its rollback; only root reads it. */
const FORMER = /^\/var\/lib\/hostwright\/runs\/[^/]+\/before\/(?:[^.]+\.kept|[\d/]+\/state\.tar)$/;
let lab: LabState;

beforeAll(async () => {
  lab = await labUp({ name: LAB, release: 'bookworm', report: () => undefined });
});
afterAll(() => labDown({ name: LAB, report: () => undefined }));

async function box(script: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await labCapture(
    { name: LAB, node: 'box', argv: ['sh', '-c', script] },
    { input },
  );
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${stdout}`);
  return stdout;
}

/** Runs hostwright in a folder; it must end with `code`. */
async function run(folder: WorkingFolder, words: readonly string[], code = 0): Promise<Finished> {
  const finished = await hostwright(words, folder.path);
  if (finished.code !== code)
    throw new Error(`${words.join(' ')}: exit ${finished.code}\n${finished.stderr}\n${finished.stdout}`);
  return finished;
}

const show = async (folder: WorkingFolder, name: string): Promise<string> =>
  (await run(folder, ['secrets', 'show', name, '--yes'])).stdout.trimEnd();

async function names(folder: WorkingFolder): Promise<readonly string[]> {
  const { stdout } = await run(folder, ['secrets', 'list', '--json']);
  const [list] = jsonLines(stdout) as unknown as [{ secrets: { name: string }[] }];
  return list.secrets.map(({ name }) => name);
}

const valuesOf = (folder: WorkingFolder, all: readonly string[]): Promise<readonly string[]> =>
  Promise.all(all.map((name) => show(folder, name)));

const logsIn = async (user: string, password: string): Promise<boolean> =>
  (await ssh(lab, { user, password }, 'id -un')).stdout.trim() === user;

/** A case that shows what is refused asks for nothing. */
function noPlan(error: unknown): CaseSecrets {
  if (error instanceof UserError) return { names: [], brought: [], stores: [] };
  throw error;
}

/** Every recipe case that asks for a secret: a new recipe joins by its case. */
const cases = await Promise.all(
  builtInCatalogue()
    .names()
    .flatMap((recipe) =>
      casesOfRecipe(recipe).map(async (example) => {
        const { names: asked, brought, stores } = await secretsOfCase(example).catch(noPlan);
        const { host, files } = readCase(example);
        return { ...labCase(`${recipe}/${example.name}`, LAB, host, files), asked, brought, stores };
      }),
    ),
);

/** Of each recipe the one that asks for most. */
const asking = cases.filter(({ asked }) => asked.length > 0);
const tried = oneOfEach(asking.toSorted((one, other) => other.asked.length - one.asked.length));

describe.each(tried)('the secrets of $name', ({ files, asked, brought, stores }) => {
  it('are in the vault and nowhere else: not in what hostwright says, on no disk, in no process', async () => {
    const folder = workingFolder(files);
    try {
      const said: Finished[] = [];
      const say = async (...words: readonly string[]): Promise<Finished> => {
        const finished = await run(folder, words);
        said.push(finished);
        return finished;
      };
      const bring = async (): Promise<void> => {
        for (const name of brought) await bringSecret(name, folder.path);
      };
      await bring();
      await say('plan', '--json', '--verbose');
      await say('plan', '--verbose', '--out', 'saved.plan');
      expect((await names(folder)).length).toBe(brought.length);
      const first = await sampled(LAB, () => say('apply', 'saved.plan', '--yes', '--verbose', '--no-check'));
      const all = await names(folder);
      expect(all.map((name) => name.slice(name.indexOf('/') + 1)).sort()).toEqual([...asked].sort());
      const made = await valuesOf(folder, all);
      expect(summaryOf(await say('apply', '--yes', '--json', '--no-check'))).toMatchObject({
        changed: 0,
        failed: 0,
      });

      await bring();
      const second = await sampled(LAB, () =>
        say('secrets', 'rotate', '--all', '--yes', '--json', '--verbose'),
      );
      const rotated = await valuesOf(folder, all);
      for (const [index, value] of rotated.entries()) expect(value).not.toBe(made[index]);
      expect(summaryOf(await say('apply', '--yes', '--json', '--no-check', '--verbose'))).toMatchObject({
        changed: 0,
      });
      await say('status', '--json');
      await say('runs', '--json');
      await say('plan', '--markdown', '--out', 'again.plan');

      const secrets = [...made, ...rotated];
      for (const { stdout, stderr } of said) expect(foundIn(stdout + stderr, secrets)).toEqual([]);
      for (const { text, rates } of [first, second]) {
        expect(foundIn(text, secrets)).toEqual([]);
        for (const rate of rates) expect(rate).toBeGreaterThan(50);
      }
      expect(filesWith(folder.path, secrets)).toEqual([]);
      expect(filesWith(folder.path, ['AGE-SECRET-KEY-1'])).toEqual(['.config/hostwright/identity.txt']);
      const elsewhere = async (values: readonly string[]) =>
        (await boxFilesWith(LAB, values)).filter((path) => !stores.includes(path));
      expect(await elsewhere(rotated)).toEqual([]);
      // A rollback of the rotation puts a file back that holds its secret as such.
      const before = (await elsewhere(made)).filter((path) => stores.length === 0 || !FORMER.test(path));
      expect(before).toEqual([]);
      expect(await box('stat -c "%a %U" /var/lib/hostwright/runs')).toBe('700 root\n');
    } finally {
      await hostwright(['remove', '--all', '--yes'], folder.path);
      folder.remove();
    }
  });
});

describe('a password', () => {
  let folder: WorkingFolder;
  const host = {
    host: 'attic',
    roles: { extras: { users: [{ name: 'dora', shell: '/bin/sh', password: 'vault' }] } },
  };

  beforeAll(async () => {
    folder = workingFolder(labCase('dora', LAB, host).files);
    await run(folder, ['apply', '--yes', '--no-check']);
  });
  afterAll(() => folder.remove());

  it('logs in, and only the verifier is on the host', async () => {
    expect(await logsIn('dora', await show(folder, 'extras/dora'))).toBe(true);
    expect(await logsIn('dora', 'something else')).toBe(false);
    const [, hash = ''] = (await box('grep ^dora: /etc/shadow')).split(':');
    expect(hash).toMatch(/^\$7\$/);
    const holders = await boxFilesWith(LAB, [hash]);
    expect(holders).toContain('/etc/shadow');
    // Originals that a run keeps for undoing lie in its own folder, for root only.
    expect(
      holders.filter(
        (path) => !/^\/etc\/shadow-?$|^\/var\/lib\/hostwright\/runs\/[^/]+\/before\//.test(path),
      ),
    ).toEqual([]);
    expect(foundIn(readFileSync(join(folder.path, 'secrets.age')), [hash])).toEqual([]);
  });

  it('is rotated on the host, and taken back byte for byte by a rollback', async () => {
    const before = await show(folder, 'extras/dora');
    const shadow = await box('cat /etc/shadow; stat -c "%a %U %G" /etc/shadow');
    await run(folder, ['secrets', 'rotate', 'extras/dora', '--yes']);
    const now = await show(folder, 'extras/dora');
    expect([await logsIn('dora', before), await logsIn('dora', now)]).toEqual([false, true]);
    // Somebody else is changing passwords, and was killed.
    await box('sh -c \'printf "%s\\0" "$$" >/etc/shadow.lock\'');
    await run(folder, ['rollback', '--yes']);
    expect(await box('cat /etc/shadow; stat -c "%a %U %G" /etc/shadow')).toBe(shadow);
    expect(await box('ls -A /etc | grep -e shadow.lock -e hostwright-shadow || :')).toBe('');
    expect(await logsIn('dora', before)).toBe(true);
    await run(folder, ['apply', '--yes', '--no-check', '--on-conflict', 'take']);
    expect(await logsIn('dora', now)).toBe(true);
  });

  it('is not lost by a rotation that the host refuses, nor by one whose hostwright dies', async () => {
    const before = await show(folder, 'extras/dora');
    // Held by a program that lives and changes accounts: chpasswd gives up after a while.
    await box(
      'cp /usr/bin/sleep /tmp/passwd; setsid /tmp/passwd 300 >/dev/null 2>&1 </dev/null & printf "%d\\0" "$!" >/etc/shadow.lock',
    );
    await run(folder, ['secrets', 'rotate', 'extras/dora', '--yes'], 1);
    await box('kill "$(tr -d "\\0" </etc/shadow.lock)"; rm /etc/shadow.lock /tmp/passwd');
    expect(await logsIn('dora', before)).toBe(true);
    expect((await run(folder, ['secrets', 'list'])).stdout).toContain(
      'the host may still have the earlier value',
    );

    const dying = start(['secrets', 'rotate', 'extras/dora', '--yes', '--json'], folder.path);
    await dying.printed('"event":"started"');
    dying.child.kill('SIGKILL');
    await dying.finished;
    const now = await show(folder, 'extras/dora');
    await run(folder, ['apply', '--yes', '--no-check']);
    expect(await logsIn('dora', now)).toBe(true);
    expect((await run(folder, ['secrets', 'list'])).stdout).not.toContain('earlier value');
  });

  it('is set by a person, over standard input', async () => {
    const child = start(
      ['secrets', 'set', 'extras/dora'],
      folder.path,
      {},
      'Sesam, öffne dich: $(id) "\'\\\n',
    );
    expect((await child.finished).code).toBe(0);
    const { stdout } = await run(folder, ['plan']);
    expect(stdout).toContain('password:dora  set the new password that the vault has');
    await run(folder, ['apply', '--yes', '--no-check', '--only', 'extras']);
    expect(await logsIn('dora', 'Sesam, öffne dich: $(id) "\'\\')).toBe(true);
  });

  it('that was changed on the host stops the run, and stays when the user says so', async () => {
    await box("echo 'dora:by hand' | chpasswd");
    const { stderr } = await run(folder, ['apply', '--yes', '--no-check'], 1);
    expect(stderr).toContain('password:dora');
    await run(folder, ['apply', '--yes', '--no-check', '--on-conflict', 'keep']);
    expect(await logsIn('dora', 'by hand')).toBe(true);
    await run(folder, ['apply', '--yes', '--no-check', '--on-conflict', 'take']);
    expect(await logsIn('dora', await show(folder, 'extras/dora'))).toBe(true);
  });

  it('is opened by age itself with the same identity, and says nothing to another', async () => {
    await box('command -v age >/dev/null || apt-get install -qy age');
    const identity = readFileSync(join(folder.path, '.config/hostwright/identity.txt'), 'utf8');
    const vault = readFileSync(join(folder.path, 'secrets.age')).toString('base64');
    const open = (key: string) =>
      box(
        'd=$(mktemp -d); cd $d; IFS= read -r v; echo "$v" | base64 -d >v; cat >i; age -d -i i v 2>&1 || :; rm -r $d',
        `${vault}\n${key}`,
      );
    expect(JSON.parse(await open(identity)).secrets['attic/extras/dora'].value).toBe(
      await show(folder, 'extras/dora'),
    );
    expect(await open(await box('age-keygen 2>/dev/null'))).toContain('no identity matched');
  });

  it('is made anew when nobody can open the vault any more', async () => {
    rmSync(join(folder.path, '.config'), { recursive: true });
    const locked = await run(folder, ['plan'], 2);
    expect(locked.stderr).toMatch(
      /cannot be opened on this computer(.|\n)*secrets recover(.|\n)*rotate --all --lost/,
    );
    await run(folder, ['check', '--from', 'self']);
    await run(folder, ['secrets', 'rotate', '--all', '--lost', '--yes']);
    expect(await logsIn('dora', await show(folder, 'extras/dora'))).toBe(true);
    expect(summaryOf(await run(folder, ['apply', '--yes', '--json', '--no-check']))).toMatchObject({
      changed: 0,
    });
  });
});
