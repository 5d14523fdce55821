import { z } from 'zod';
import { DECLARATIONS, STATE } from '../../agent/places.ts';
import { HostError } from '../../errors.ts';
import { joinShell, type Shell, sh } from '../../quote.ts';

/** What the agent tells is shown to people: on one line, bounded, and nothing that moves a cursor. */
const text = z
  .string()
  .transform((value) => value.slice(0, 600).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' '));

const stateSchema = z.object({
  verdict: z.discriminatedUnion('state', [
    z.object({ state: z.literal('issued') }),
    z.object({ state: z.literal('failed'), text, detail: text }),
  ]),
});

export interface AcmeState {
  /** Hex, of the declaration on the host; empty where there is none. */
  readonly sha256: string;
  /** What the agent has to say of it; absent: nothing yet. */
  readonly verdict?: z.output<typeof stateSchema>['verdict'];
}

/** Bytes of a state that are read: it is the agent's, and may be anything. */
const MOST = 20_000;

export function observeAcme(names: readonly string[]): Shell {
  return joinShell(
    names.map(
      (
        name,
      ) => sh`hw_sum=$(cat -- ${`${DECLARATIONS.certificates}/${name}.json`} 2>/dev/null | sha256sum | cut -c1-64)
[ -f ${`${DECLARATIONS.certificates}/${name}.json`} ] || hw_sum=
echo "$hw_sum"
head -c ${MOST} -- ${`${STATE.certificates}/${name}.json`} 2>/dev/null | base64 -w0; echo`,
    ),
  );
}

/** @throws {HostError} when the output was cut */
export function parseAcme(output: Buffer, count: number): readonly AcmeState[] {
  const lines = output.toString('latin1').split('\n').slice(0, -1);
  if (lines.length !== count * 2)
    throw new HostError('The host’s answer about certificates of the agent is incomplete.', {
      hint: 'Try again.',
    });
  return Array.from({ length: count }, (_, index): AcmeState => {
    const [sha256 = '', state = ''] = lines.slice(index * 2, index * 2 + 2);
    const read = stateSchema.safeParse(readJson(Buffer.from(state, 'base64').toString()));
    return { sha256, ...(read.success ? { verdict: read.data.verdict } : {}) };
  });
}

function readJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
