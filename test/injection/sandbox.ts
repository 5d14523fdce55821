/** A place in which a run's script is run by dash for real, with nothing to do harm with. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An account that may change nothing. */
const NOBODY = 65_534;
/** Real, because each would run text that it takes for a program. */
const REAL = ['sh', 'sed', 'awk', 'env', 'xargs'];
/** So common that not even a process is to be spent on them. */
const QUICK = [
  'stat',
  'cp',
  'mv',
  'cut',
  'cat',
  'mkdir',
  'rm',
  'rmdir',
  'ln',
  'sync',
  'id',
  'head',
  'tail',
  'tr',
  'install',
  'readlink',
  'sha256sum',
  'getent',
  'grep',
  'systemctl',
  'base64',
  'find',
  'mktemp',
  'chmod',
  'chown',
  'sort',
];

export class Sandbox {
  readonly #path = mkdtempSync(join(tmpdir(), 'hostwright-injection-'));
  /** A file that comes to be when hostile text is run. */
  readonly canary = join(this.#path, 'nest', 'canary');
  readonly #stubs = join(this.#path, 'stubs');

  constructor() {
    chmodSync(this.#path, 0o755);
    for (const name of ['nest', 'state', 'stubs']) mkdirSync(join(this.#path, name));
    for (const name of ['nest', 'state']) chmodSync(join(this.#path, name), 0o777);
    const names = new Set(['/usr/bin', '/usr/sbin'].flatMap((folder) => readdirSync(folder)));
    for (const name of names) {
      const target = REAL.includes(name) ? `/usr/bin/${name}` : '/bin/true';
      symlinkSync(name === 'sh' ? '/bin/dash' : target, join(this.#stubs, name));
    }
  }

  /** Whether hostile text was run; forgets it. */
  sang(): boolean {
    const heard = readdirSync(join(this.#path, 'nest')).length > 0;
    rmSync(join(this.#path, 'nest'), { recursive: true });
    mkdirSync(join(this.#path, 'nest'));
    chmodSync(join(this.#path, 'nest'), 0o777);
    return heard || existsSync(this.canary);
  }

  /** Why dash cannot read the script; undefined when it can. */
  unreadable(script: string): string | undefined {
    const { status, stderr } = spawnSync('dash', ['-n'], {
      input: script,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    return status === 0 ? undefined : stderr.toString();
  }

  /**
   * Runs a run's script as the host would, and each function of its steps besides, whether the run came to it or not.
   * Every program succeeds and does nothing.
   */
  run(script: string): void {
    const parts = Array.from(
      script.matchAll(/^(hw_do_\d+_\w+|hw_state_files|hw_last)\(\) \{$/gm),
      ([, name = '']) => name,
    );
    const calls = parts.map(
      (name) => `(set -e; HW_BEFORE=$HW_STATE/before P=; ${name}) </dev/null >/dev/null 2>&1`,
    );
    const quick = QUICK.map((name) => `${name}() { :; }`);
    const text = this.#moved(script).replace(
      /\nhw_entry "\$@"\s*$/,
      `\n${[...quick, ...calls].join('\n')}\nhw_entry run\n`,
    );
    const file = join(this.#path, 'script');
    writeFileSync(file, text);
    chmodSync(file, 0o644);
    const { error } = spawnSync('/bin/dash', [file, 'run'], {
      cwd: join(this.#path, 'state'),
      env: { PATH: this.#stubs },
      stdio: 'ignore',
      timeout: 60_000,
      ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    if (error) throw error;
  }

  /** With the host's folders here, and no programs but ours. */
  #moved(script: string): string {
    return script
      .replaceAll(
        /^LC_ALL=C; export LC_ALL; PATH=\S+; export PATH$/gm,
        `LC_ALL=C; export LC_ALL; PATH=${this.#stubs}; export PATH`,
      )
      .replaceAll('/var/lib/hostwright', join(this.#path, 'state'))
      .replaceAll('/run/hostwright', join(this.#path, 'state', 'run'));
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }
}
