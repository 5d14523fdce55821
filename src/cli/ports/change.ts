import { asAgent } from '../../agent/as-agent.ts';
import { FORMAT, type PortsDeclaration, type PortWish } from '../../agent/declared.ts';
import { AGENT, BY_HAND, DECLARATIONS } from '../../agent/places.ts';
import { type AgentTold, askAgent } from '../../agent/told/read.ts';
import type { HostSession } from '../../apply/session.ts';
import { HostError, UserError } from '../../errors.ts';
import { type Shell, sh } from '../../quote.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';
import type { HostRun } from '../host-run.ts';
import type { PortsWords } from './list.ts';

const FILE = `${DECLARATIONS.ports}/${BY_HAND}.json`;

/** Seconds to wait for the router. */
const PATIENCE = 25;

/** `hostwright ports open PORT[/PROTOCOL]`. */
export async function openPort(
  context: Context,
  text: string,
  { file, outside }: PortsWords & { readonly outside?: string },
): Promise<void> {
  const { port, protocol } = parsePort(text);
  const externalPort = outside === undefined ? port : parsePort(outside).port;
  await onHost(context, file, async (run, session, ports) => {
    refuseDeclared(ports, { externalPort, protocol }, 'is asked for already');
    const wish: PortWish = { name: 'by hand', protocol, port, externalPort };
    const others = byHand(ports).filter((one) => !isSame(one, wish));
    const said = await act(
      session,
      sh`${write([...others, wish])}
${agent(['wait', 'ports', `${PATIENCE}`, BY_HAND])}`,
    );
    await tell(run, { opened: `${externalPort}/${protocol}` }, said);
    if (!context.globals.json)
      await run.say(
        'Whether the host itself lets anybody in is for its firewall; a role with expose: internet does both.',
      );
  });
}

/** `hostwright ports close PORT[/PROTOCOL]`. */
export async function closePort(context: Context, text: string, { file }: PortsWords): Promise<void> {
  const { port, protocol } = parsePort(text);
  await onHost(context, file, async (run, session, ports) => {
    const wish = { externalPort: port, protocol };
    refuseDeclared(ports, wish, 'is the role’s');
    const before = byHand(ports);
    const after = before.filter((one) => !isSame(one, wish));
    if (after.length === before.length)
      throw new UserError({
        message: `The router is not asked for port ${port}/${protocol} by hand.`,
        hint: 'See what it is asked for: hostwright ports list',
      });
    const said = await act(
      session,
      sh`${after.length === 0 ? sh`rm -f -- ${FILE}` : write(after)}
${agent(['ports-gone'])}`,
    );
    await tell(run, { closed: `${port}/${protocol}` }, [
      `The router is not asked for ${port}/${protocol} any more.`,
      ...said,
    ]);
  });
}

/** @throws {UserError} for what is no port */
function parsePort(text: string): { readonly port: number; readonly protocol: 'tcp' | 'udp' } {
  const [, digits = '', protocol = 'tcp'] = /^([1-9][0-9]{0,4})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535)
    throw new UserError({
      message: `${JSON.stringify(text)} is not a port.`,
      hint: 'A number from 1 to 65535, and tcp unless said otherwise: 25565/tcp or 51820/udp',
    });
  return { port, protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}

async function onHost(
  context: Context,
  file: string | undefined,
  work: (run: HostRun, session: HostSession, ports: AgentTold) => Promise<void>,
): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    const session = await run.open({ attach: true });
    await work(run, session, await askAgent(session));
  });
}

type Outside = Pick<PortWish, 'externalPort' | 'protocol'>;

function refuseDeclared({ wishes }: AgentTold, wish: Outside, how: string): void {
  for (const [role, own] of wishes) {
    if (role !== BY_HAND && own.some((one) => covers(one, wish)))
      throw new UserError({
        message: `Port ${wish.externalPort}/${wish.protocol} ${how}: ‘${role}’ declares it.`,
        hint: 'It follows from expose: internet of the role in the host file. Change it there, then: hostwright apply',
      });
  }
}

function covers({ protocol, port, lastPort, externalPort }: PortWish, wish: Outside): boolean {
  const first = externalPort ?? port;
  const wanted = wish.externalPort ?? 0;
  return protocol === wish.protocol && wanted >= first && wanted <= first + (lastPort ?? port) - port;
}

function byHand({ wishes }: AgentTold): readonly PortWish[] {
  return wishes.get(BY_HAND) ?? [];
}

function isSame(one: Outside & { readonly port?: number }, other: Outside): boolean {
  return one.protocol === other.protocol && (one.externalPort ?? one.port) === other.externalPort;
}

function write(ports: readonly PortWish[]): Shell {
  const declaration: PortsDeclaration = { format: FORMAT, role: BY_HAND, ports };
  return sh`(umask 022; printf '%s\n' ${JSON.stringify(declaration)} >${`${FILE}.new`}) && mv -f -- ${`${FILE}.new`} ${FILE} || exit 1`;
}

function agent(words: readonly string[]): Shell {
  return sh`timeout ${PATIENCE + 10} ${asAgent(words)} </dev/null || :`;
}

/** @returns what the agent said */
async function act(session: HostSession, script: Shell): Promise<readonly string[]> {
  const { output, errors, status } = await session.operate(
    'hostwright-ports',
    sh`[ -e ${AGENT.main} ] && systemctl -q is-active hostwright-agent.service || exit 66
${script}`,
  );
  if (status === 66)
    throw new UserError({
      message: 'No agent runs on the host that could ask the router.',
      hint: 'It comes with the first role of expose: internet (hostwright apply). If there is one: systemctl status hostwright-agent',
    });
  if (status !== 0)
    throw new HostError('The host could not write down the port.', { hint: 'Try again.', output: errors });
  return output.toString().split('\n').filter(Boolean);
}

async function tell(
  { context, host, ...run }: HostRun,
  what: Readonly<Record<string, string>>,
  lines: readonly string[],
): Promise<void> {
  if (context.globals.json)
    return context.json({ v: 1, host: host.name, ...what, said: lines.map(plainLine) });
  for (const line of lines) await run.say(plainLine(line));
}
