/** Everything that the agent on a host tells, in one exchange. */
import { z } from 'zod';
import { type Shell, sh } from '../../quote.ts';
import type { PortWish } from '../declared.ts';
import { DECLARATIONS, STATE } from '../places.ts';
import { readToldCertificate, type ToldCertificate } from './certificates.ts';
import { readToldDdns, type ToldDdns } from './ddns.ts';
import { MOST_PORTS_STATE, readToldPorts, type ToldPorts } from './ports.ts';

/** A unit of the agent that is not as it should be, in systemd's words. */
export interface TroubledUnit {
  readonly unit: string;
  readonly is: string;
}

export interface AgentTold {
  /** Ports that the agent is told to have mapped, by role. */
  readonly wishes: ReadonlyMap<string, readonly PortWish[]>;
  readonly ports?: ToldPorts;
  readonly certificates: readonly ToldCertificate[];
  readonly names: readonly ToldDdns[];
  readonly troubled: readonly TroubledUnit[];
}

const port = z.int().min(1).max(65_535);

const declarationSchema = z.object({
  role: z.string().regex(/^[a-z0-9_-]{1,63}$/),
  ports: z
    .array(
      z.object({
        name: z.string().max(100),
        protocol: z.enum(['tcp', 'udp']),
        port,
        lastPort: port.optional(),
        externalPort: port.optional(),
      }),
    )
    .max(256),
});

/** Units that are to be at work once they are there; the others are started when there is something to do. */
const LASTING = [
  'hostwright-agent.service',
  'hostwright-agent-certificates.timer',
  'hostwright-agent-install.path',
];
const AT_TIMES = ['hostwright-agent-certificates.service', 'hostwright-agent-install.service'];

/** Only reads. Each line is a word and base64, or a unit and how it is. */
export const ASK_AGENT: Shell = sh`hw_files() {
  for hw_file in "$2"/*.json; do
    if [ -f "$hw_file" ]; then printf '%s ' "$1"; head -c "$3" -- "$hw_file" | base64 -w0; echo; fi
  done
}
hw_files wish ${DECLARATIONS.ports} 100000
hw_files certificate ${STATE.certificates} 20000
hw_files name ${STATE.ddns} 20000
if [ -f ${STATE.ports} ]; then printf 'ports '; head -c ${MOST_PORTS_STATE} -- ${STATE.ports} | base64 -w0; echo; fi
for hw_unit in ${LASTING}; do
  [ ! -e /etc/systemd/system/"$hw_unit" ] || systemctl -q is-active "$hw_unit" || echo "unit $hw_unit $(systemctl is-active "$hw_unit")"
done
for hw_unit in ${AT_TIMES}; do
  [ ! -e /etc/systemd/system/"$hw_unit" ] || ! systemctl -q is-failed "$hw_unit" || echo "unit $hw_unit failed"
done
:`;

/** Asks the agent on an open host. */
export async function askAgent(session: {
  read(script: Shell): Promise<{ readonly output: Buffer }>;
}): Promise<AgentTold> {
  return readAgentTold((await session.read(ASK_AGENT)).output);
}

/** Pure. What is no state or declaration is left out: the agent may write anything. */
export function readAgentTold(output: Buffer): AgentTold {
  const wishes = new Map<string, readonly PortWish[]>();
  const certificates: ToldCertificate[] = [];
  const names: ToldDdns[] = [];
  const troubled: TroubledUnit[] = [];
  let ports: ToldPorts | undefined;
  for (const line of output.toString('latin1').split('\n')) {
    const [word = '', first = '', second = ''] = line.split(' ');
    if (word === 'unit') {
      const known = [...LASTING, ...AT_TIMES].find((unit) => unit === first);
      if (known) troubled.push({ unit: known, is: /^[a-z-]{1,20}$/.test(second) ? second : 'unknown' });
      continue;
    }
    const text = Buffer.from(first, 'base64').toString();
    if (word === 'ports') ports = readToldPorts(text);
    const value = readJson(text);
    const wish = word === 'wish' ? declarationSchema.safeParse(value).data : undefined;
    if (wish) wishes.set(wish.role, wish.ports as readonly PortWish[]);
    const certificate = word === 'certificate' ? readToldCertificate(value) : undefined;
    if (certificate) certificates.push(certificate);
    const name = word === 'name' ? readToldDdns(value) : undefined;
    if (name) names.push(name);
  }
  return { wishes, certificates, names, troubled, ...(ports ? { ports } : {}) };
}

function readJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
