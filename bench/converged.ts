/**
 * What a converged host costs, over the floor: one `ssh` that runs one hand-written probe of the same resources.
 * `npm run bench:converged [COUNT]`, in a lab of its own; COUNT files more for the size of 500 resources.
 * Runs take turns, so that a busy machine is as busy for each; medians. The goals: 46 resources ≤ 1.5 × the floor,
 * 500 resources ≤ 2 × the floor at that size.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labDown } from '../src/lab/down.ts';
import { laptopArgv } from '../src/lab/enter.ts';
import { readLab } from '../src/lab/state.ts';
import { labUp } from '../src/lab/up.ts';
import { quoteAll } from '../src/quote.ts';

const LAB = 'bench';
const ROUNDS = 15;
const entry = fileURLToPath(new URL('../bin/hostwright.js', import.meta.url));
const fileCount = Number(process.argv[2] ?? 24);

const packages = ['tree', 'bc', 'less', 'nano', 'rsync'];
const paths = Array.from({ length: fileCount }, (_, index) => `/etc/bench/file-${index}`);
const services = ['ssh', 'systemd-journald', 'systemd-networkd', 'dbus', 'systemd-logind'];
const hostFile = `host: attic
connect: { lab: ${LAB} }
roles:
  own:
    recipe: extras
    packages: [${packages.join(', ')}]
    users: [{ name: anna }, { name: ben }]
    directories: [{ path: /etc/bench }, { path: /srv/bench }, { path: /srv/more }]
    files:
${paths.map((path) => `      - { path: ${path}, content: "the content of ${path}\\n" }`).join('\n')}
    sysctl: { net.ipv4.tcp_keepalive_time: "600", net.ipv4.tcp_keepalive_intvl: "60" }
    links: [{ path: /etc/bench-link, target: /etc/bench }]
    services:
${services.map((name) => `      - { name: ${name}, running: true }`).join('\n')}
`;

/** What someone would type who wanted to know the same in one go. */
const probe = `dpkg-query -W ${quoteAll(packages)}; getent passwd anna ben
stat -c '%n %a %U %G' /srv/bench /srv/more /etc/bench-link ${quoteAll(paths)}; sha256sum ${quoteAll(paths)}
systemctl show -p Id,ActiveState,UnitFileState ${quoteAll(services)}
cat /proc/sys/net/ipv4/tcp_keepalive_time /proc/sys/net/ipv4/tcp_keepalive_intvl /etc/sysctl.d/*.conf
cat /etc/os-release; ip -o addr; ip -o route; ss -H -lntup`;

const state = await labUp({
  name: LAB,
  release: 'bookworm',
  report: (text) => process.stderr.write(`${text}\n`),
});
const folder = mkdtempSync(join(tmpdir(), 'hostwright-bench-'));
try {
  writeFileSync(join(folder, 'host.yaml'), hostFile);
  const box = (await readLab(LAB)).nodes.find(({ name }) => name === 'box')?.ssh;
  if (!box) throw new Error('the box has no ssh');
  const ssh = [
    'ssh',
    '-F',
    'none',
    '-i',
    box.identityFile,
    '-o',
    `UserKnownHostsFile=${state.knownHostsFile}`,
    `root@${box.host}`,
  ];
  const inLab = (argv: string[]): string[] => laptopArgv(state, ['env', `HOSTWRIGHT_IN_LAB=${LAB}`, ...argv]);
  const time = (argv: string[], input: string): number => {
    const [program = '', ...words] = inLab(argv);
    const before = performance.now();
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, input, encoding: 'utf8' });
    const spent = performance.now() - before;
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}\n${stdout}${stderr}`);
    return spent;
  };
  time([process.execPath, entry, 'apply', '--yes', '--no-check'], '');
  const cases: Readonly<Record<string, () => number>> = {
    'ssh HOST true': () => time([...ssh, 'true'], ''),
    'the floor: one ssh, one probe': () => time([...ssh, 'sh', '-s'], probe),
    'hostwright apply, converged': () => time([process.execPath, entry, 'apply', '--yes', '--no-check'], ''),
  };
  const times = new Map(Object.keys(cases).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(cases)) times.get(name)?.push(run());
  }
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const floor = median(times.get('the floor: one ssh, one probe') ?? []);
  for (const [name, values] of times) {
    const middle = median(values);
    const spread = `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;
    process.stdout.write(
      `${name.padEnd(32)} ${middle.toFixed(0).padStart(5)} ms (${spread})  ${(middle / floor).toFixed(2)} ×\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await labDown({ name: LAB, report: () => undefined });
}
