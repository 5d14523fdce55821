/**
 * The agent on the host. systemd starts it (`src/compose/agent/units.ts`), as a user of its own:
 *
 *     main.mjs stay                            keeps router mappings and names up; ends by SIGTERM
 *     main.mjs certificates [--now] [NAME…]    gets and renews what is due
 *     main.mjs revoke NAME [REASON]            its own key may be on the standard input
 *     main.mjs account-key                     changes the keys of its accounts at the authorities
 *     main.mjs wait certificate NAME SECONDS   until it is known how that certificate stands
 *     main.mjs wait ports SECONDS [ROLE]       until it is known how every port stands
 *     main.mjs ports-gone                      until nothing is mapped that nobody declares
 */
import type { CertificateContext } from './certificates/context.ts';

/** Bytes. */
const LARGEST_KEY = 16_384;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function certificates(): Promise<CertificateContext> {
  const { certificatePlaces } = await import('./certificates/places.ts');
  return { places: certificatePlaces(), say };
}

/** @returns the exit code */
async function main([verb, ...words]: readonly string[]): Promise<number> {
  switch (verb) {
    case 'stay':
      await (await import('./resident.ts')).stay(say);
      return 0;
    case 'certificates': {
      const { renewDue } = await import('./certificates/renew.ts');
      const names = words.filter((word) => word !== '--now');
      await renewDue(await certificates(), { now: words.includes('--now'), names });
      return 0;
    }
    case 'revoke': {
      const { isRevocationReason, revoke } = await import('./certificates/revoke.ts');
      const [name = '', reason = 'unspecified'] = words;
      if (!isRevocationReason(reason))
        return refuse(`${reason} is no reason for a revocation (RFC 5280, 5.3.1)`);
      await revoke(await certificates(), name, reason, await keyOnInput());
      return 0;
    }
    case 'account-key': {
      const { rollAccountKey } = await import('./certificates/account-key.ts');
      await rollAccountKey(await certificates());
      return 0;
    }
    case 'wait':
      return wait(words);
    case 'ports-gone': {
      const [{ waitUntilGone }, { PORTS_PLACES }] = await ports();
      const left = await waitUntilGone(PORTS_PLACES, 10);
      if (left.length > 0) say(`The router has not taken back ${left.join(', ')}; that ends by itself.`);
      return left.length === 0 ? 0 : 1;
    }
    default:
      return refuse(`‘${verb ?? ''}’ is nothing that the agent does`);
  }
}

/** A private key in PEM that root gives, for where the account is lost; undefined: something else, or nothing. */
async function keyOnInput(): Promise<string | undefined> {
  if (process.stdin.isTTY) return undefined;
  let text = '';
  for await (const part of process.stdin) {
    text += part;
    if (text.length > LARGEST_KEY) return undefined;
  }
  return text.includes('PRIVATE KEY') ? text : undefined;
}

function ports() {
  return Promise.all([import('./ports/wait.ts'), import('./ports/places.ts')]);
}

async function wait([what, ...words]: readonly string[]): Promise<number> {
  if (what === 'certificate') {
    const { waitForCertificate } = await import('./certificates/wait.ts');
    const [name = '', seconds = '60'] = words;
    const { is, line } = await waitForCertificate((await certificates()).places, name, Number(seconds));
    say(line);
    return is === 'issued' ? 0 : 1;
  }
  if (what === 'ports') {
    const [{ waitForPorts }, { PORTS_PLACES }] = await ports();
    const [seconds = '25', role] = words;
    const { isWell, lines } = await waitForPorts(PORTS_PLACES, Number(seconds), role);
    for (const line of lines) say(line);
    return isWell ? 0 : 1;
  }
  return refuse(`‘${what ?? ''}’ is nothing to wait for`);
}

function refuse(text: string): number {
  process.stderr.write(`${text}\n`);
  return 2;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
