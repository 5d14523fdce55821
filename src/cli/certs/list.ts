import type { ToldCertificate } from '../../agent/told/certificates.ts';
import { askAgent } from '../../agent/told/read.ts';
import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';

/** Options that every word of `hostwright certs` takes. */
export interface CertsWords {
  readonly file?: string;
}

/** `hostwright certs list`. */
export async function listCertificates(context: Context, { file }: CertsWords): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    const session = await run.open({ attach: false });
    const { certificates: states } = await askAgent(session);
    if (context.globals.json) return context.json({ v: 1, host: run.host.name, certificates: states });
    if (states.length === 0)
      await run.say(
        'The host gets no certificates from an authority. A role asks for one with tls: letsencrypt',
      );
    for (const state of states) await run.say(lineOf(state));
  });
}

function lineOf({ name, issued, verdict, next, renewal }: ToldCertificate): string {
  const valid = issued ? `${issued.names.join(', ')}; valid until ${day(issued.notAfter)}` : 'none yet';
  if (verdict.state === 'issued')
    return `  ${name}  ${valid}; to be renewed about ${day(renewal?.at ?? next)}`;
  return [
    `  ${name}  ${valid}; the last order failed (${verdict.cause})`,
    `      ${verdict.text}`,
    `      ${verdict.detail}`,
    `      next try ${next}; to try now: hostwright certs issue ${name}`,
  ].join('\n');
}

const day = (iso: string): string => iso.slice(0, 10);
