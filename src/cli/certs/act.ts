import { asAgent } from '../../agent/as-agent.ts';
import { DECLARATIONS } from '../../agent/places.ts';
import type { HostSession } from '../../apply/session.ts';
import { HostError, UserError } from '../../errors.ts';
import { sh } from '../../quote.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { Context } from '../context.ts';
import { eachHost } from '../each-host.ts';
import type { HostRun } from '../host-run.ts';
import type { CertsWords } from './list.ts';

/** `hostwright certs issue NAME` and `hostwright certs renew NAME`. */
export async function renew(context: Context, name: string, { file }: CertsWords): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    await tell(
      run,
      name,
      await act(await run.open({ attach: true }), name, [['certificates', '--now', name]]),
    );
  });
}

/** `hostwright certs revoke NAME`. */
export async function revoke(
  context: Context,
  name: string,
  { file, reason }: CertsWords & { readonly reason: string },
): Promise<void> {
  await eachHost(context, file === undefined ? [] : [file], {}, async (run) => {
    const session = await run.open({ attach: true });
    await tell(
      run,
      name,
      await act(session, name, [
        ['revoke', name, reason],
        ['certificates', '--now', name],
      ]),
    );
  });
}

/** Has the agent do these things one after the other, as its own user, and gives what it said. */
async function act(
  session: HostSession,
  name: string,
  calls: readonly (readonly string[])[],
): Promise<readonly string[]> {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name))
    throw new UserError({ message: `${JSON.stringify(name)} is not the name of a certificate.` });
  const lines: string[] = [];
  for (const words of [...calls, ['wait', 'certificate', name, '5']]) {
    const { output, errors, status } = await session.operate(
      'hostwright-certs',
      sh`[ -e ${`${DECLARATIONS.certificates}/${name}.json`} ] || exit 66
hw_key=${words[0] === 'revoke' ? `/etc/ssl/hostwright/${name}/key.pem` : '/dev/null'}
# Where its account is lost, a certificate is revoked by its own key, which root alone may read.
[ -f "$hw_key" ] || hw_key=/dev/null
exec ${asAgent(words)} <"$hw_key"`,
    );
    if (status === 66)
      throw new UserError({
        message: `The host gets no certificate named ‘${name}’ from an authority.`,
        hint: 'See which there are: hostwright certs list',
      });
    lines.push(...output.toString().split('\n').filter(Boolean));
    if (status !== 0)
      throw new HostError(`The certificate of ‘${name}’ was not obtained.`, {
        hint: 'See what the authority says of it: hostwright certs list',
        output: [...lines, errors].join('\n'),
      });
  }
  return lines;
}

async function tell(
  { context, host, ...run }: HostRun,
  name: string,
  lines: readonly string[],
): Promise<void> {
  if (context.globals.json) return context.json({ v: 1, host: host.name, certificate: name, said: lines });
  for (const line of lines.slice(-1)) await run.say(plainLine(line));
}
