import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authority } from '../certificates/authority.ts';

const SCRIPT = fileURLToPath(new URL('../../../src/agent/host/install-certificates', import.meta.url));
const NOBODY = 65_534;

/** It becomes another user, which root alone may. CI is root, so there it always runs. */
describe.runIf(process.getuid?.() === 0)('the script that puts certificates into place', () => {
  let authority: Authority;
  let root: string;
  const at = (...parts: readonly string[]) => join(root, ...parts);
  const ready = (...parts: readonly string[]) => at('var/lib/hostwright-agent/ready', ...parts);
  const store = (...parts: readonly string[]) => at('etc/ssl/hostwright', ...parts);

  beforeAll(() => {
    authority = new Authority();
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'install-'));
    chmodSync(root, 0o755);
    for (const folder of ['etc/hostwright/agent/installs.d', 'bin', 'etc/ssl/hostwright/blog']) {
      mkdirSync(at(folder), { recursive: true });
    }
    mkdirSync(ready(), { recursive: true });
    chownSync(ready(), NOBODY, NOBODY);
    program('systemctl', `echo "$@" >>${at('told')}; [ "$1 $3" != "is-active asleep" ]`);
    program('nginx', `[ ! -e ${at('broken')} ] || { echo 'nginx: [emerg] broken' >&2; exit 1; }`);
    declare('owner=root\ngroup=www-data\nnames=blog.example.org\nservices=nginx:reload\n');
    writeFileSync(at('root.pem'), authority.root);
    writeFileSync(store('blog/key.pem'), 'old key');
    writeFileSync(store('blog/fullchain.pem'), 'old chain');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function program(name: string, script: string): void {
    writeFileSync(at('bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  function declare(text: string, name = 'blog'): void {
    writeFileSync(at('etc/hostwright/agent/installs.d', name), text);
  }
  function leave(files: Readonly<Record<string, string>>, name = 'blog'): void {
    mkdirSync(ready(name), { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(ready(name, file), content, { mode: 0o600 });
      chownSync(ready(name, file), NOBODY, NOBODY);
    }
    chownSync(ready(name), NOBODY, NOBODY);
  }
  function run(): { readonly code: number; readonly said: string } {
    try {
      return { code: 0, said: execFileSync('dash', [SCRIPT, root, 'nobody'], { stdio: 'pipe' }).toString() };
    } catch (error) {
      const { status, stdout } = error as { status: number; stdout: Buffer };
      return { code: status, said: stdout.toString() };
    }
  }
  const told = () => (existsSync(at('told')) ? readFileSync(at('told'), 'utf8') : '');
  const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
  const good = (names: readonly string[] = ['blog.example.org'], days?: number) => {
    const { chain, key } = authority.issue(names, days);
    return { 'fullchain.pem': chain, 'key.pem': key };
  };
  function isRefused(why: RegExp): void {
    const { code, said } = run();
    expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(why) });
    expect(readFileSync(store('blog/key.pem'), 'utf8')).toBe('old key');
    expect(readFileSync(store('blog/fullchain.pem'), 'utf8')).toBe('old chain');
    expect(told()).not.toContain('reload');
    expect(readdirSync(store())).toEqual(['blog']);
  }

  it('installs a pair with the rights of its service and reloads that', () => {
    declare(
      'owner=root\ngroup=www-data\nnames=blog.example.org\ntrust=/root.pem\nservices=nginx:reload asleep:reload\n',
    );
    const pair = good();
    leave(pair);
    expect(run()).toEqual({
      code: 0,
      said: expect.stringMatching(/^blog: installed, valid until .* GMT\n$/),
    });
    expect(readFileSync(store('blog/fullchain.pem'), 'utf8')).toBe(pair['fullchain.pem']);
    expect(readFileSync(store('blog/key.pem'), 'utf8')).toBe(pair['key.pem']);
    expect([mode(store('blog/key.pem')), mode(store('blog/fullchain.pem'))]).toEqual(['640', '644']);
    expect(statSync(store('blog/key.pem')).gid).toBe(33);
    expect(told()).toContain('reload nginx\n');
    expect(told()).not.toContain('reload asleep');
    expect(readdirSync(ready())).toEqual([]);
    expect(readdirSync(store())).toEqual(['blog']);
  });

  it('takes the name of a wildcard for a name', () => {
    declare('owner=root\ngroup=root\nnames=*.example.org,example.org\nservices=nginx:reload\n');
    leave(good(['example.org', '*.example.org']));
    expect(run().code).toBe(0);
    leave(good(['example.org', 'www.example.org']));
    expect(run().said).toContain('not for *.example.org');
  });

  it('restarts what is to be restarted, and gives a key to its owner alone', () => {
    declare('owner=www-data\ngroup=www-data\nnames=blog.example.org\nservices=vsftpd:restart\n');
    leave(good());
    expect(run().code).toBe(0);
    expect([mode(store('blog/key.pem')), statSync(store('blog/key.pem')).uid]).toEqual(['600', 33]);
    expect(told()).toContain('restart vsftpd\n');
  });

  it('goes back to the old pair when the service does not take the new one', () => {
    writeFileSync(at('broken'), '');
    leave(good());
    isRefused(/nginx does not take it: nginx: \[emerg\] broken/);
    expect(readdirSync(ready())).toEqual([]);
  });

  it.each<[string, RegExp, () => void]>([
    ['another key', /key does not belong/, () => leave({ ...good(), 'key.pem': good()['key.pem'] })],
    ['one that has expired', /has expired/, () => leave(good(['blog.example.org'], -1))],
    ['other names', /not for blog\.example\.org/, () => leave(good(['other.example.org']))],
    ['garbage', /fullchain\.pem is not/, () => leave({ ...good(), 'fullchain.pem': 'garbage' })],
    [
      'garbage for a key',
      /key\.pem is not one private key/,
      () => leave({ ...good(), 'key.pem': '\0garbage' }),
    ],
    ['two keys', /not one private key/, () => leave({ ...good(), 'key.pem': good()['key.pem'].repeat(2) })],
    ['a huge file', /too large/, () => leave({ ...good(), 'fullchain.pem': 'x'.repeat(70_000) })],
    ['half of it', /key\.pem can't be read|empty/, () => leave({ 'fullchain.pem': good()['fullchain.pem'] })],
    [
      'a broken chain',
      /not a few certificates/,
      () => {
        const { chain, key } = authority.issue(['blog.example.org']);
        leave({ 'fullchain.pem': chain.replace(/-----BEGIN CERTIFICATE-----\n./, '$&!'), 'key.pem': key });
      },
    ],
    [
      'another root',
      /does not come from the root/,
      () => {
        declare('owner=root\ngroup=root\nnames=blog.example.org\ntrust=/root.pem\nservices=nginx:reload\n');
        const { chain, key } = new Authority().issue(['blog.example.org']);
        leave({ 'fullchain.pem': chain, 'key.pem': key });
      },
    ],
    [
      'a link to a file of root’s',
      /can't be read|empty/,
      () => {
        const { chain, key } = authority.issue(['blog.example.org']);
        leave({ 'fullchain.pem': chain });
        writeFileSync(at('secret'), key, { mode: 0o600 });
        symlinkSync(at('secret'), ready('blog/key.pem'));
      },
    ],
    [
      'a pipe that never ends',
      /can't be read|empty|too large/,
      () => {
        leave({ 'fullchain.pem': good()['fullchain.pem'] });
        execFileSync('mkfifo', ['-m', '666', ready('blog/key.pem')]);
      },
    ],
  ])(
    'refuses %s',
    (_what, why, prepare) => {
      prepare();
      isRefused(why);
    },
    40_000,
  );

  it('follows no link instead of the folder, and leaves what it leads to', () => {
    mkdirSync(at('private'), { mode: 0o700 });
    for (const [file, content] of Object.entries(good())) writeFileSync(at('private', file), content);
    symlinkSync(at('private'), ready('blog'));
    expect(run().said).toMatch(/was renamed: \.aside-\d+-blog/);
    expect(readFileSync(store('blog/key.pem'), 'utf8')).toBe('old key');
    expect(readdirSync(at('private')).sort()).toEqual(['fullchain.pem', 'key.pem']);
  });

  it('installs nothing that root has not declared', () => {
    leave(good(), 'evil');
    leave(good(), '-rf');
    leave(good(), 'evil; touch pwned');
    isRefused(/evil: .*nothing here is declared/);
    expect(existsSync(store('evil'))).toBe(false);
    expect(existsSync(at('pwned'))).toBe(false);
    // Nothing that wakes it is left.
    expect(readdirSync(ready()).filter((name) => !name.startsWith('.aside-'))).toEqual([]);
  });

  it('leaves alone what is none of the agent’s', () => {
    leave(good());
    leave({ 'note.txt': 'by hand' });
    leave({ 'note.txt': 'by hand' }, 'notes');
    writeFileSync(ready('letter.txt'), 'by hand');
    expect(run().code).toBe(0);
    expect(readdirSync(ready(), { recursive: true }).sort()).toEqual([
      'blog',
      'blog/note.txt',
      'letter.txt',
      'notes',
      'notes/note.txt',
    ]);
  });

  it('takes nothing from the certificate but the certificate', () => {
    const { 'fullchain.pem': chain, 'key.pem': key } = good();
    leave({ 'fullchain.pem': `ssl_engine evil;\n${chain}more\n`, 'key.pem': `evil\n${key}evil\n` });
    expect(run().code).toBe(0);
    expect(readFileSync(store('blog/fullchain.pem'), 'utf8')).toBe(chain);
    expect(readFileSync(store('blog/key.pem'), 'utf8')).toBe(key);
  });
});
