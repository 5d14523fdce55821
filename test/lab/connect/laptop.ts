import { readFileSync } from 'node:fs';
import { labCapture } from '../../../src/lab/exec.ts';
import { type LabState, readLab } from '../../../src/lab/state.ts';
import { type Shell, sh } from '../../../src/quote.ts';

/** The lab whose laptop this process is. */
export const LAB = process.env.HW_TEST_LAB ?? '';

/** The lab seen from its laptop: where the box is, and what a person there has. */
export interface Laptop {
  readonly state: LabState;
  readonly box: string;
  readonly key: string;
  readonly knownHosts: string;
  /** The box's host keys as lines of known_hosts under another name. */
  keysAs(name: string): string;
  password(user: string): string;
  /** Runs a script as root in the box, past the network; throws unless it succeeds. */
  inBox(script: Shell): Promise<string>;
  /** A further sshd on the box, with options of its own; ends with the box. */
  sshd(port: number, options: Readonly<Record<string, string>>): Promise<void>;
}

export async function laptop(): Promise<Laptop> {
  const state = await readLab(LAB);
  const ssh = state.nodes.find(({ name }) => name === 'box')?.ssh;
  if (!ssh) throw new Error('The lab has no box.');
  const inBox = async (script: Shell): Promise<string> => {
    const { code, stdout, stderr } = await labCapture({
      name: LAB,
      node: 'box',
      argv: ['sh', '-ec', script.text],
    });
    if (code !== 0) throw new Error(`In the box: ${code} ${stderr}`);
    return stdout;
  };
  return {
    state,
    box: ssh.host,
    key: ssh.identityFile,
    knownHosts: state.knownHostsFile,
    keysAs(name) {
      const lines = readFileSync(state.knownHostsFile, 'utf8').split('\n');
      const own = lines.filter((line) => line.split(' ')[0]?.split(',').includes(ssh.host));
      return own.map((line) => `${name} ${line.split(' ').slice(1).join(' ')}\n`).join('');
    },
    password: (user) => state.users[user]?.password ?? '',
    inBox,
    async sshd(port, options) {
      const settings = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
      const unit = `sshd-${port}`;
      await inBox(sh`systemctl reset-failed ${unit} 2>/dev/null || true
systemctl stop ${unit} 2>/dev/null || true
systemd-run --quiet --collect --unit=${unit} -- /usr/sbin/sshd -D -p ${String(port)} ${settings}
for try in 1 2 3 4 5 6 7 8 9 10; do ss -Htln ${`sport = :${port}`} | grep -q . && exit 0; sleep 0.2; done
exit 1`);
    },
  };
}
