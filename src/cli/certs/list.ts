import { z } from 'zod';
import { STATE } from '../../agent/places.ts';
import { sh } from '../../quote.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';

/** Options that every word of `hostwright certs` takes. */
export interface CertsWords {
  readonly file?: string;
}

const text = z.string().transform((value) => plainLine(value.slice(0, 600)));

/** What the agent says of a certificate; read as a stranger's. */
const stateSchema = z.object({
  name: text,
  next: text,
  failures: z.number(),
  issued: z.object({ notAfter: text, names: z.array(text) }).optional(),
  verdict: z.discriminatedUnion('state', [
    z.object({ state: z.literal('issued') }),
    z.object({ state: z.literal('failed'), cause: text, text, detail: text }),
  ]),
});

type State = z.output<typeof stateSchema>;

/** `hostwright certs list`. */
export async function listCertificates(context: Context, { file }: CertsWords): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    const session = await run.open({ attach: false });
    const { output } = await session.read(sh`cd ${STATE.certificates} 2>/dev/null || exit 0
for hw_file in *.json; do
  if [ -f "$hw_file" ]; then head -c 20000 -- "$hw_file" | base64 -w0; echo; fi
done`);
    const states = output
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => stateSchema.safeParse(readJson(Buffer.from(line, 'base64').toString())).data ?? []);
    if (context.globals.json) return context.json({ v: 1, host: run.host.name, certificates: states });
    if (states.length === 0)
      await run.say(
        'The host gets no certificates from an authority. A role asks for one with tls: letsencrypt',
      );
    for (const state of states) await run.say(lineOf(state));
  });
}

function lineOf({ name, issued, verdict, next }: State): string {
  const valid = issued ? `${issued.names.join(', ')}; valid until ${day(issued.notAfter)}` : 'none yet';
  if (verdict.state === 'issued') return `  ${name}  ${valid}; to be renewed about ${day(next)}`;
  return [
    `  ${name}  ${valid}; the last order failed (${verdict.cause})`,
    `      ${verdict.text}`,
    `      ${verdict.detail}`,
    `      next try ${next}; to try now: hostwright certs issue ${name}`,
  ].join('\n');
}

const day = (iso: string): string => iso.slice(0, 10);

function readJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
