import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { sh } from '../../src/quote.ts';
import { kind as file } from '../../src/resources/file.ts';
import { adoptionOf } from '../adopt/adoption.ts';
import { allKinds } from '../resources/cases.ts';
import { Box } from './box-engine.ts';
import { hostwright, hostwrightBin, summaryOf, workingFolder } from './support/hostwright.ts';

/** Every kind that has something to take over, on a machine that has it. */
const adoptions = (
  await Promise.all(allKinds.map(async (kind) => ({ kind, adoption: await adoptionOf(kind.name) })))
).flatMap(({ kind, adoption }) => {
  if (!('spec' in adoption)) return [];
  const spec = kind.schema.parse(adoption.spec);
  return [[kind.name, { id: `${kind.name}:${kind.key(spec)}`, adoption: { ...adoption, spec } }] as const];
});

const LAB = 'hand-edits';
const CONF = '/etc/nginx/conf.d/blog.conf';
const box = new Box(LAB);
const folder = workingFolder({ 'public/index.html': 'front', 'wiki/index.html': 'wiki' });

beforeAll(() => labUp({ name: LAB, release: 'bookworm', report: () => undefined }));
afterAll(async () => {
  folder.remove();
  await labDown({ name: LAB, report: () => undefined });
});

const declare = (aliases: string, more = ''): void =>
  folder.write(
    'host.yaml',
    `hostwright: 1\nhost: attic\nconnect: { lab: ${LAB} }\nroles:\n  blog: { recipe: site, domain: blog.example.org, aliases: [${aliases}] }\n${more}`,
  );

const run = (...args: string[]) => hostwright(args, folder.path);
const apply = (...options: string[]) => run('apply', '--yes', '--no-check', '--json', ...options);

/** Applies, and once more without a word: nothing may be left to do. */
async function converges(changed: number, ...options: string[]): Promise<void> {
  const finished = await apply(...options);
  expect(summaryOf(finished), finished.stderr).toMatchObject({ changed, failed: 0 });
  expect(summaryOf(await apply())).toMatchObject({ changed: 0, failed: 0 });
}

const conf = (): Promise<string> => box.must(`cat ${CONF}`);
const names = async (): Promise<string> => /server_name (.*);/.exec(await conf())?.[1] ?? '';
const nameByHand = (name: string): Promise<string> =>
  box.must(`sed -i 's/server_name .*;/server_name blog.example.org ${name}.by-hand.example;/' ${CONF}`);

/** Everything that a run could have touched, hostwright's own records included. */
const manifest = (): Promise<string> =>
  box.must(
    `find /etc /var/www /var/lib/hostwright /usr/local -xdev -printf '%p %y %m %u %g %l\\n' -type f -exec sha256sum {} + | sort; systemctl show -p MainPID -p ExecReload -p StateChangeTimestamp nginx`,
  );

async function served(name: string): Promise<string> {
  const argv = ['curl', '-sS', '-m', '10', '-H', `Host: ${name}`, 'http://192.168.1.20/'];
  const { code, stdout, stderr } = await labCapture({ name: LAB, node: 'phone', argv });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** Runs the command line on a terminal and answers each question once it is there. */
function onTerminal(
  args: readonly string[],
  answers: readonly (readonly [question: string, keys: string])[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  const words = [process.execPath, hostwrightBin, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', words, '/dev/null'], {
    cwd: folder.path,
    env: { ...process.env, HOME: folder.path, TERM: 'xterm', NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  let from = 0;
  const left = [...answers];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
    const next = left[0];
    const at = next ? output.indexOf(next[0], from) : -1;
    if (!next || at < 0) return;
    left.shift();
    from = at + next[0].length;
    child.stdin.write(next[1]);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

it('leaves an edit alone that nothing is in the way of, and tells of it', async () => {
  declare('');
  await converges(7);
  await box.must(`sed -i 's/client_max_body_size 16k/client_max_body_size 1m/' ${CONF}; chmod 0640 ${CONF}`);
  const before = await manifest();
  expect(summaryOf(await apply())).toMatchObject({ changed: 0, run: null });
  expect(await manifest()).toBe(before);
  const plan = await run('plan', '--exit-code');
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.stdout).toContain(`file:${CONF}  edited by hand, set to 0640 root:root by hand`);
  expect(plan.stdout).not.toContain('all 7');
  expect((await run('status')).stdout).toMatch(/blog +1 edited by hand/);
});

it('merges an edit with our change in another place, and nginx judges what comes of it', async () => {
  declare('b.example.org');
  const plan = await run('plan');
  expect(plan.stdout).toContain('keep what was edited by hand');
  expect(plan.stdout).toContain('+    server_name blog.example.org b.example.org;');
  await converges(1);
  expect(await conf()).toContain('client_max_body_size 1m');
  expect(await box.must(`stat -c %a ${CONF}`)).toBe('640\n');
  expect(await served('b.example.org')).toBe('front');
  await box.must('nginx -t -q');

  await box.must(`echo 'nonsense on;' >>${CONF}`);
  const edited = await conf();
  declare('c.example.org');
  const refused = await run('apply', '--yes', '--no-check');
  expect(refused.code).toBe(1);
  expect(refused.stdout + refused.stderr).toContain('unknown directive "nonsense"');
  expect(await conf()).toBe(edited);
  await box.must(`sed -i '$d' ${CONF}`);
  await converges(1);
  expect(await names()).toBe('blog.example.org c.example.org');

  // Taking the merge back leaves the edit, and the next run can merge again.
  const back = await run('rollback', '--yes');
  expect(back.code, back.stderr).toBe(0);
  expect(await conf()).toBe(edited.replace('nonsense on;\n', ''));
  await converges(1);
  expect(await names()).toBe('blog.example.org c.example.org');
});

it('stops at a conflict and touches nothing, keeps the edit, or takes ours, exactly', async () => {
  await nameByHand('one');
  declare('d.example.org');
  folder.write('public/new.html', 'new');
  const [before, edited] = [await manifest(), await conf()];
  const stopped = await run('apply', '--yes');
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toMatch(/--on-conflict keep.*--on-conflict take/s);
  expect(stopped.stdout).toMatch(/<<<<<<< on the host, edited by hand/);
  expect((await run('status')).stdout).toMatch(/apply will stop:\n.*blog\.conf was edited by hand/);
  expect(await manifest()).toBe(before);

  await converges(2, '--on-conflict', 'keep');
  expect(await conf()).toBe(edited);
  expect(await box.must('cat /var/www/blog/new.html')).toBe('new');

  declare('e.example.org');
  expect((await apply()).code).toBe(1);
  const saved = await run('plan', '--on-conflict', 'take', '--out', 'take.plan');
  expect(saved.code, saved.stderr).toBe(0);
  await converges(1, 'take.plan');
  expect(await names()).toBe('blog.example.org e.example.org');
  expect(await conf()).not.toContain('client_max_body_size 1m');
  expect((await run('status')).stdout).toMatch(/blog +as declared/);
  const originals = await box.must('grep -rlF one.by-hand /var/lib/hostwright/runs/*/before | wc -l');
  expect(Number(originals)).toBe(1);
});

it('asks on a terminal, and takes what the person makes of both sides in an editor', async () => {
  await nameByHand('two');
  declare('f.example.org');
  folder.write(
    'editor.sh',
    `#!/bin/sh\nsed -i -e '/^<<<<<<< /d' -e '/^=======$/,/^>>>>>>> /d' -e 's/two.by-hand.example/two.by-hand.example f.example.org/' "$1"\n`,
  );
  chmodSync(join(folder.path, 'editor.sh'), 0o755);
  const { code, output } = await onTerminal(
    ['apply', '--no-check'],
    [
      ['keep it as it was edited', '\u001b[B\u001b[B\r'],
      ['Change attic now', 'y\r'],
    ],
    { EDITOR: join(folder.path, 'editor.sh') },
  );
  expect(code, output).toBe(0);
  expect(await names()).toBe('blog.example.org two.by-hand.example f.example.org');
  expect(await served('two.by-hand.example')).toBe('front');
  expect(summaryOf(await apply())).toMatchObject({ changed: 0 });
});

it('takes over what was there before on the user’s word only, and keeps its original', async () => {
  const path = '/etc/nginx/conf.d/wiki.conf';
  const theirs = 'server { listen 80; server_name wiki.example.org; return 200 theirs; }\n';
  await box.must(`printf '%s' '${theirs}' >${path}; nginx -s reload`);
  declare('f.example.org', '  wiki: { recipe: site, source: ./wiki, domain: wiki.example.org }\n');
  const before = await manifest();
  const stopped = await run('apply', '--yes');
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toContain(`--adopt file:${path}`);
  expect(stopped.stdout).toContain('-server { listen 80');
  expect(await manifest()).toBe(before);

  const plan = await run('plan', '--adopt', `file:${path}`);
  expect(plan.stdout).toContain('1 existing file touched');
  await converges(3, '--adopt', `file:${path}`);
  expect(await served('wiki.example.org')).toBe('wiki');
  const kept = await box.must(
    `grep -rlF 'return 200 theirs' /var/lib/hostwright/runs/*/before | head -n 1 | xargs -r cat`,
  );
  expect(kept).toBe(theirs);
});

it('replaces a configuration file that is as its package brought it, and asks about any other', async () => {
  const [stock, changed] = ['/etc/nginx/fastcgi.conf', '/etc/nginx/scgi_params'];
  await box.must(`echo '# mine' >>${changed}`);
  const resources = [stock, changed].map((path) => file.of({ path, content: '# ours\n' }));
  const { changes, foreignTouched } = await box.plan(resources);
  expect(changes.map(({ conflict }) => conflict)).toEqual([undefined, 'adopt']);
  expect(foreignTouched).toHaveLength(2);
});

it.each(adoptions)(
  'takes over a %s, keeps what was there, and gives it back',
  async (_, { id, adoption }) => {
    const { spec, before, looks, original } = adoption;
    const [name = ''] = id.split(':');
    const resource = { kind: name, id, spec, notify: [], guarded: false };
    await box.must(before);
    const looked = await box.must(looks);
    expect((await box.plan([resource])).changes).toMatchObject([{ id, conflict: 'adopt' }]);
    const plan = await box.plan([resource], [id]);
    expect(plan.foreignTouched).toEqual([id]);
    const { run: folderOfRun, steps } = await box.apply(plan);
    expect(
      steps.map(({ status }) => status),
      steps[0]?.output ?? '',
    ).toEqual(['changed']);
    await box.must(sh`grep -raqF -e ${original} -- ${`${folderOfRun}/before`}`);
    expect((await box.plan([resource])).changes).toEqual([]);
    await box.undo(plan, folderOfRun);
    expect(await box.must(looks)).toBe(looked);
  },
);
