import { z } from 'zod';
import type { PortWish } from '../../agent/declared.ts';
import { DECLARATIONS, STATE } from '../../agent/places.ts';
import { MOST_PORTS_STATE, readToldPorts, type ToldPorts } from '../../agent/told/ports.ts';
import type { HostSession } from '../../apply/session.ts';
import { sh } from '../../quote.ts';

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

/** What is declared to the agent of a host, and how it stands. */
export interface HostPorts {
  /** By role. */
  readonly declared: ReadonlyMap<string, readonly PortWish[]>;
  readonly told?: ToldPorts;
}

/** One exchange. */
export async function readPorts(session: Pick<HostSession, 'read'>): Promise<HostPorts> {
  const { output } =
    await session.read(sh`head -c ${MOST_PORTS_STATE} -- ${STATE.ports} 2>/dev/null | base64 -w0; echo
cd ${DECLARATIONS.ports} 2>/dev/null || exit 0
for hw_file in *.json; do
  if [ -f "$hw_file" ]; then head -c 100000 -- "$hw_file" | base64 -w0; echo; fi
done`);
  const [state = '', ...files] = output.toString('latin1').split('\n');
  const declared = new Map<string, readonly PortWish[]>();
  for (const file of files.filter(Boolean)) {
    const read = declarationSchema.safeParse(readJson(Buffer.from(file, 'base64').toString())).data;
    if (read) declared.set(read.role, read.ports as readonly PortWish[]);
  }
  const told = readToldPorts(Buffer.from(state, 'base64').toString());
  return { declared, ...(told ? { told } : {}) };
}

function readJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
