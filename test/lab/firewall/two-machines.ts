import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { RulesetSpec } from '../../../src/resources/ruleset.ts';

const run = promisify(execFile);

/** Addresses of the far machine: it is a neighbour on the LAN and, by other addresses, a machine on the internet. */
export const FROM = {
  lan4: '192.168.1.1',
  lan6: 'fd00:1::1',
  internet4: '203.0.113.9',
  internet6: '2001:db8:f::9',
} as const;

const BOX = { four: '192.168.1.20', six: 'fd00:1::20' } as const;

/** Two network namespaces on one cable: the box with the firewall, and a machine that tries to reach it. */
export interface TwoMachines {
  /** Loads the rules the way the unit does. */
  load(spec: Extract<RulesetSpec, { state: 'loaded' }>): Promise<void>;
  /** The firewall's own script. */
  script(command: 'check' | 'unload' | 'load'): Promise<{ code: number; output: string }>;
  /** A shell command on the box or the far machine; its output. */
  box(command: string): Promise<string>;
  far(command: string): Promise<string>;
  /** Starts a program. Ended by `remove` at the latest. */
  start(where: 'box' | 'far', program: string, ...args: readonly string[]): Promise<Started>;
  /** Starts a script of Node's the same way. */
  node(where: 'box' | 'far', source: string): Promise<Started>;
  /** Which of the ports answer, from each sender: `lan4 tcp/80`. */
  reachable(ports: readonly string[]): Promise<readonly string[]>;
  readonly folder: string;
  readonly names: { readonly box: string; readonly far: string };
  remove(): Promise<void>;
}

/** A running program, its lines as they come. */
export interface Started {
  /** The next line, trimmed; an empty one when it has ended. */
  next(): Promise<string>;
  say(line: string): void;
  kill(): void;
}

/** Needs root, `ip` and `nft`. */
export async function twoMachines(): Promise<TwoMachines> {
  const id = `hwfw${process.pid}x${Math.floor(Math.random() * 10_000)}`;
  const names = { box: `${id}-box`, far: `${id}-far` };
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-firewall-'));
  const inside = (name: string, command: string): Promise<string> =>
    run('ip', ['netns', 'exec', name, 'sh', '-c', command], { env: environment(folder) }).then(
      ({ stdout }) => stdout,
    );
  await run('sh', ['-euc', SETUP, 'sh', names.box, names.far]);
  const listeners: { kill(): void }[] = [];
  const start: TwoMachines['start'] = async (where, program, ...args) => {
    const child = spawn('ip', ['netns', 'exec', names[where], program, ...args], {
      env: environment(folder),
    });
    listeners.push(child);
    return started(child);
  };
  return {
    start,
    node: (where, source) => start(where, process.execPath, '-e', source),
    names,
    folder,
    box: (command) => inside(names.box, command),
    far: (command) => inside(names.far, command),
    load: async (spec) => {
      await writeFile(join(folder, 'firewall.nft'), spec.rules);
      await writeFile(join(folder, 'firewall'), spec.script);
      await inside(names.box, `sh ${folder}/firewall load`);
    },
    script: (command) =>
      inside(names.box, `sh ${folder}/firewall ${command}; echo "code $?"`).then((text) => {
        const [, output = '', code = ''] = /^([\s\S]*)code (\d+)\n$/.exec(text) ?? [];
        return { code: Number(code), output };
      }),
    reachable: (ports) => probe(names, ports, listeners),
    remove: async () => {
      for (const listener of listeners) listener.kill();
      await Promise.all(
        Object.values(names).map(async (name) => {
          // What a script has started outlives it.
          const { stdout } = await run('ip', ['netns', 'pids', name]);
          for (const pid of stdout.split('\n').filter((line) => line !== '')) end(Number(pid));
          await run('ip', ['netns', 'delete', name]);
        }),
      );
      await rm(folder, { recursive: true });
    },
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function started(child: ChildProcess): Started {
  if (!child.stdout) throw new Error('the program has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async () => String((await lines.next()).value ?? '').trim(),
    say: (line) => child.stdin?.write(`${line}\n`),
    kill: () => child.kill(),
  };
}

function environment(folder: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOSTWRIGHT_RULES: join(folder, 'firewall.nft') };
}

/** Addresses without duplicate address detection: they are usable at once. */
const SETUP = `
ip netns add "$1"; ip netns add "$2"
ip link add eth0 netns "$1" type veth peer name eth0 netns "$2"
for n in "$1" "$2"; do ip -n "$n" link set lo up; ip -n "$n" link set eth0 up; done
ip -n "$1" address add ${BOX.four}/24 dev eth0
ip -n "$1" address add ${BOX.six}/64 dev eth0 nodad
ip -n "$2" address add ${FROM.lan4}/24 dev eth0
ip -n "$2" address add ${FROM.lan6}/64 dev eth0 nodad
ip -n "$2" address add ${FROM.internet4}/32 dev lo
ip -n "$2" address add ${FROM.internet6}/128 dev lo
ip -n "$1" route add default via ${FROM.lan4}
ip -n "$1" -6 route add default via ${FROM.lan6}
`;

async function probe(
  names: TwoMachines['names'],
  ports: readonly string[],
  listeners: { kill(): void }[],
): Promise<readonly string[]> {
  const server = execFile('ip', ['netns', 'exec', names.box, process.execPath, '-e', SERVE, ...ports]);
  listeners.push(server);
  await new Promise<void>((resolve, reject) => {
    server.stdout?.once('data', () => resolve());
    server.once('exit', (code) => reject(new Error(`the servers ended with ${code}`)));
  });
  const plans = Object.entries(FROM).flatMap(([sender, from]) =>
    ports.map((port) => [sender, from, port].join(' ')),
  );
  const { stdout } = await run('ip', ['netns', 'exec', names.far, process.execPath, '-e', PROBE, ...plans]);
  server.removeAllListeners('exit');
  server.kill();
  return stdout.split('\n').filter((line) => line !== '');
}

/** Echo servers on both families; says "ready" once all of them listen. */
const SERVE = `
const net = require('node:net'), dgram = require('node:dgram');
Promise.all(process.argv.slice(1).map((port) => new Promise((done) => {
  const [protocol, number] = port.split('/');
  if (protocol === 'tcp') return net.createServer((s) => { s.on('error', () => {}); s.end('hi'); }).listen(+number, '::', done);
  const s = dgram.createSocket('udp6');
  s.on('message', (m, from) => s.send(m, from.port, from.address));
  s.bind(+number, '::', done);
}))).then(() => console.log('ready'));
`;

/** Milliseconds after which a packet between two namespaces is not late but dropped. */
const PATIENCE = 700;

const PROBE = `
const net = require('node:net'), dgram = require('node:dgram');
const box = (from) => from.includes(':') ? '${BOX.six}' : '${BOX.four}';
Promise.all(process.argv.slice(1).map((plan) => new Promise((done) => {
  const [sender, from, port] = plan.split(' ');
  const [protocol, number] = port.split('/');
  const yes = () => { console.log(sender + ' ' + port); done(); };
  if (protocol === 'tcp') {
    const s = net.connect({ host: box(from), port: +number, localAddress: from, timeout: ${PATIENCE} });
    s.on('connect', yes).on('error', done).on('timeout', () => { s.destroy(); done(); });
  } else {
    const s = dgram.createSocket(from.includes(':') ? 'udp6' : 'udp4');
    s.on('message', () => { s.close(); yes(); });
    s.bind(0, from, () => s.send('hi', +number, box(from)));
    setTimeout(done, ${PATIENCE});
  }
}))).then(() => process.exit(0));
`;
