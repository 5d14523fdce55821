import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { HostError, UserError } from '../errors.ts';
import { joinShell, sh } from '../quote.ts';
import { machineArgv } from './exec.ts';
import { reservationFiles } from './reservation.ts';
import { asHelper, asRoot, isRoot } from './root.ts';
import { lastLines, run } from './run.ts';
import { type LabState, readLab, writeState } from './state.ts';

/** Of 192.168.1.0/24: none of them is another machine's, or given to guests. */
const [FIRST, LAST] = [40, 99];

/**
 * Has the router give another IPv4 address to the box, and waits until the box has it. Connections to the old one break;
 * `connect: lab` goes to the new one.
 * @param address 192.168.1.40 to 192.168.1.99; a random one by default
 * @returns the new address
 * @throws {UserError} for an address that is not the box's to have.
 * @throws {HostError} when the box does not get it.
 */
export async function changeBoxAddress(lab: string, address?: string): Promise<string> {
  const state = await readLab(lab);
  const old = boxAddress(state);
  const wanted = address ?? other(old);
  demandFree(wanted);
  if (!isRoot()) {
    await asHelper(['address', lab, wanted], () => undefined);
    return wanted;
  }
  const files = Object.entries(reservationFiles(wanted));
  const reserve = joinShell([
    ...files.map(([path, { text }]) => sh`printf %s ${text} > ${path}`),
    sh`pkill -HUP -x dnsmasq`,
  ]);
  await inside(lab, 'router', reserve.text, `The router of the lab ${lab} does not take the new address`);
  // As if its cable had been pulled and plugged in again; a mere renewal would keep the old lease (RFC 2131 section 4.4.5).
  const renew = sh`networkctl reconfigure eth0
for address in ${[wanted, ...state.nodes.flatMap(({ name, addresses }) => (name === 'box' ? addresses.slice(1) : []))]}; do
  try=0
  until ip -o address show dev eth0 | grep -qF " $address/"; do
    try=$((try + 1))
    [ "$try" -lt 200 ] || exit 1
    sleep 0.1
  done
done`;
  await inside(lab, 'box', renew.text, `The box of the lab ${lab} did not get the address ${wanted}`);
  await remember(state, old, wanted);
  return wanted;
}

function boxAddress({ nodes }: LabState): string {
  return nodes.find(({ name }) => name === 'box')?.addresses[0] ?? '';
}

function other(old: string): string {
  const address = `192.168.1.${randomInt(FIRST, LAST + 1)}`;
  return address === old ? other(old) : address;
}

function demandFree(address: string): void {
  const last = Number(/^192\.168\.1\.(\d{2})$/.exec(address)?.[1]);
  if (last >= FIRST && last <= LAST) return;
  throw new UserError({
    message: `${address} cannot be the box's address`,
    hint: `Choose one from 192.168.1.${FIRST} to 192.168.1.${LAST}.`,
  });
}

async function inside(lab: string, node: 'router' | 'box', script: string, failure: string): Promise<void> {
  const argv = asRoot(machineArgv(lab, node, ['sh', '-ec', script]));
  const { code, stderr } = await run(argv, { timeoutMs: 60_000 });
  if (code !== 0) throw new HostError(failure, { output: lastLines(stderr, 6) });
}

/** The host keys are known under the old address still, and under the new one. */
async function remember(state: LabState, old: string, wanted: string): Promise<void> {
  const known = await readFile(state.knownHostsFile, 'utf8');
  const lines = known.split('\n').map((line) => {
    const [addresses = '', ...key] = line.split(' ');
    const all = addresses.split(',');
    return all.includes(old) && !all.includes(wanted) ? [[wanted, ...all].join(','), ...key].join(' ') : line;
  });
  await writeFile(state.knownHostsFile, lines.join('\n'));
  const nodes = state.nodes.map((node) => {
    if (node.name !== 'box') return node;
    const addresses = [wanted, ...node.addresses.slice(1)];
    return { ...node, addresses, ...(node.ssh ? { ssh: { ...node.ssh, host: wanted } } : {}) };
  });
  await writeState({ ...state, nodes });
}
