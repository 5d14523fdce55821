import { runScript } from '../../../src/apply/script.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { sh } from '../../../src/quote.ts';
import type { Box } from '../box-engine.ts';

const RUNS = '/var/lib/hostwright/runs';

/** Not part of what an undo brings back: state of the kernel, caches, logs, and what hostwright itself keeps. */
const LEFT_OUT = [
  ...['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp', '/root'],
  ...['/var/cache', '/var/log', '/var/lib/apt/lists', '/var/lib/hostwright', '/var/backups'],
  // Clocks that systemd stops when it is told to.
  ...['/var/lib/systemd/timesync', '/etc/.pwd.lock'],
];

/** Undoes the package step of a run as a rollback would, and looks at the whole file system. */
export class PackageUndo {
  readonly #box: Box;
  #undos = 0;

  constructor(box: Box) {
    this.#box = box;
  }

  /** A line a path: type, mode, owner, target or content. */
  async manifest(): Promise<ReadonlyMap<string, string>> {
    const left = LEFT_OUT.map((path) => `-path ${path}`).join(' -o ');
    const lines = await this.#box.must(`cd /
find / -xdev \\( ${left} \\) -prune -o -printf '%p\\t%y %m %U %G %l\\n' | LC_ALL=C sort
find / -xdev \\( ${left} \\) -prune -o -type f -print0 | xargs -0 sha256sum -- | sed -E 's/^([0-9a-f]+)  (.*)/\\2\\t\\1/'`);
    const paths = new Map<string, string>();
    for (const line of lines.split('\n').filter(Boolean)) {
      const [path = '', what = ''] = line.split('\t');
      paths.set(path, `${paths.get(path) ?? ''} ${what}`);
    }
    return paths;
  }

  /** Paths that are not the same in both. */
  differences(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
    const all = new Set([...before.keys(), ...now.keys()]);
    return [...all].filter((path) => before.get(path) !== now.get(path)).sort();
  }

  /** Undoes the first step of a run. */
  async of(run: string, only: readonly string[] = []) {
    this.#undos += 1;
    const id = `undo-${this.#undos}`;
    const own = `${RUNS}/${id}`;
    await this.#box.must(sh`mkdir -p -m 700 -- ${own}; : >${`${own}/events`}`);
    const { code, stdout, stderr } = await this.#box.sh(
      sh`sh ${`${run}/script`} undo 0 0 ${id} ${only} </dev/null`,
    );
    const events = (await this.#box.must(sh`cat -- ${`${own}/events`}`))
      .split('\n')
      .map((line) => line.split('\t'))
      .map(([name = '', ...texts]) =>
        [name, ...texts.map((text) => Buffer.from(text, 'base64').toString())].join(' '),
      )
      .join('\n');
    return { code, events: `${events}${stdout}${stderr}`, kept: `/var/backups/hostwright/${id}` };
  }

  /** Runs a plan and kills it, with all that it has started, as soon as dpkg's log has the word. */
  async killed(plan: Plan, word: string): Promise<string> {
    this.#undos += 1;
    const id = `killed-${this.#undos}`;
    const run = `${RUNS}/${id}`;
    const { script } = runScript(plan, { id, owner: 'a test' });
    await this.#box.must(sh`mkdir -p -m 700 -- ${`${run}/blobs`} ${`${run}/before`}; : >${`${run}/events`}
printf '%s' ${Buffer.from(script.text).toString('base64')} | base64 -d >${`${run}/script`}`);
    await this.#killedAt(sh`sh ${`${run}/script`} run`.text, ` ${word} `);
    return run;
  }

  /** Undoes the first step of a run, and kills that as soon as dpkg's log has the word. */
  async killedUndo(run: string, word: string): Promise<void> {
    this.#undos += 1;
    const own = `${RUNS}/killed-${this.#undos}`;
    await this.#box.must(sh`mkdir -p -m 700 -- ${own}`);
    await this.#killedAt(sh`sh ${`${run}/script`} undo 0 0 ${`killed-${this.#undos}`}`.text, word);
  }

  /** Older copies of the account files are the same as if nobody had ever been added by a test. */
  async settleAccounts(): Promise<void> {
    await this.#box.must(
      'for f in passwd group shadow gshadow subuid subgid; do cp -a /etc/$f /etc/$f-; done',
    );
  }

  async #killedAt(command: string, word: string): Promise<void> {
    await this.#box.must(`: >/tmp/dpkg.seen; n=$(wc -l </var/log/dpkg.log)
systemd-run --quiet --unit=killed --collect -p KillMode=control-group -p SendSIGKILL=yes sh -c ${sh`${command}`.text}
i=0; until tail -n +$((n + 1)) /var/log/dpkg.log | grep -q '${word}'; do
  systemctl is-active --quiet killed.service || break; i=$((i + 1)); [ $i -lt 6000 ] || exit 1; sleep 0.01
done
systemctl kill --signal=KILL killed.service 2>/dev/null || :
while systemctl is-active --quiet killed.service; do sleep 0.05; done`);
  }
}
