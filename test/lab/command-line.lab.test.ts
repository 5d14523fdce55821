import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { hostwright, jsonLines, start, type WorkingFolder, workingFolder } from './support/hostwright.ts';

const LAB = 'cli-test';
const HOST_FILE = `host: attic
connect: { lab: ${LAB} }
roles:
  blog: { recipe: site, source: ./public }
`;

let folder: WorkingFolder;

const run = (...words: string[]) => hostwright(words, folder.path);

const onBox = async (script: string): Promise<void> => {
  const { code, stderr } = await labCapture({ name: LAB, node: 'box', argv: ['sh', '-c', script] });
  if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}`);
};

beforeAll(async () => {
  await labUp({ name: LAB, release: 'bookworm', report: () => undefined });
  folder = workingFolder({ 'host.yaml': HOST_FILE, 'public/index.html': '<title>Blog</title>hello' });
});
afterAll(async () => {
  folder?.remove();
  await labDown({ name: LAB, report: () => undefined });
});

describe('the command line against a machine', () => {
  it('plan --json is one object, and --exit-code tells that changes are pending', async () => {
    const { code, stdout } = await run('plan', '--json', '--exit-code');
    expect(code).toBe(3);
    const plans = jsonLines(stdout);
    const nginx = expect.objectContaining({ id: 'package:nginx', action: 'create' });
    expect(plans).toMatchObject([{ v: 1, host: 'attic', foreignTouched: [] }]);
    expect(plans[0]?.changes).toContainEqual(nginx);
  });

  it('apply without a terminal wants --yes, and changes nothing', async () => {
    const { code, stderr } = await run('apply');
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect((await run('plan', '--exit-code')).code).toBe(3);
  });

  it('apply --json is an event a line, the check before the summary, which is last', async () => {
    const { code, stdout, stderr } = await run('apply', '--yes', '--json');
    expect(code, stderr).toBe(0);
    const events = jsonLines(stdout);
    expect(events.every(({ v }) => v === 1)).toBe(true);
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['checked', 'summary']);
    expect(events.at(-1)).toMatchObject({ failed: 0, skipped: [] });
    expect(events.at(-1)?.changed).toBeGreaterThan(0);
  });

  it('a second apply changes nothing, in two exchanges, and asks nothing', async () => {
    const { code, stdout } = await run('apply', '--json');
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ run: null, changed: 0, failed: 0, roundTrips: 2 });
    expect((await run('plan', '--exit-code')).code).toBe(0);
  });

  it('check, status and facts are one object each', async () => {
    for (const command of ['check', 'status', 'facts']) {
      const { code, stdout, stderr } = await run(command, '--json');
      expect(code, stderr).toBe(0);
      expect(jsonLines(stdout)).toMatchObject([{ v: 1, host: 'attic' }]);
    }
  });

  it('facts need no host file with --connect', async () => {
    const { code, stdout } = await run('facts', '--connect', 'lab', '--lab', LAB, '--cwd', '/');
    expect(code).toBe(0);
    expect(stdout).toContain('bookworm');
  });

  it('a hand edit stops apply before anything changes, with what to type; a saved plan does exactly itself', async () => {
    await onBox(
      'sed -i "s/try_files .*html/try_files/" /etc/nginx/conf.d/blog.conf && rm /var/www/blog/index.html',
    );
    folder.write('host.yaml', HOST_FILE.replace('./public', './public, spa: true'));
    const stopped = await run('apply', '--yes');
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('--on-conflict');
    await expect(onBox('test ! -e /var/www/blog/index.html')).resolves.toBeUndefined();

    expect((await run('plan', '--on-conflict', 'take', '--out', 'today.plan')).code).toBe(0);
    const done = await run('apply', 'today.plan', '--yes');
    expect(done.code, done.stderr).toBe(0);
    const again = await run('apply', 'today.plan', '--yes');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('needs no change any more');
  });

  it('status tells of drift and of the last run', async () => {
    await onBox('rm /var/www/blog/index.html');
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/blog +1 to change/);
    expect(stdout).toContain('Last run:');
    expect(stdout).toContain('hostwright plan');
  });

  it('lab exec passes words, output and exit code through', async () => {
    const { code, stdout } = await run(
      'lab',
      'exec',
      'box',
      '--lab',
      LAB,
      '--',
      'sh',
      '-c',
      'echo "$0"; exit 7',
      '--json',
    );
    expect({ code, stdout }).toEqual({ code: 7, stdout: '--json\n' });
  });

  it('SIGTERM stops a run at a safe point: exit 130, the rest named', async () => {
    await onBox('apt-get -y -q purge nginx nginx-common >/dev/null 2>&1; rm -rf /etc/nginx /var/www/blog');
    const { child, finished, printed } = start(['apply', '--yes', '--verbose'], folder.path);
    await printed('[1/5] package:nginx');
    child.kill('SIGTERM');
    const { code: stopped, stdout, stderr } = await finished;
    expect(stopped, stderr).toBe(130);
    expect(stdout).toContain('Planned, and not reached');
    expect(stderr).toContain('as you asked');
    expect((await run('apply', '--yes')).code).toBe(0);
  });
});
