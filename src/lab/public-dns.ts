/** The lab's public DNS: further names that lead to the home network. */
import { HostError, UserError } from '../errors.ts';
import { sh } from '../quote.ts';
import { labCapture } from './exec.ts';
import { WAN } from './network.ts';
import { lastLines } from './run.ts';

export const NAMES_FILE = '/etc/lab/names.conf';

/** Part of a machine's start. What names there are is read by a new process only, so it is started again when ended. */
export const startPublicDns = `while :; do dnsmasq --keep-in-foreground --conf-file=/etc/lab/dns.conf || sleep 0.2; done &
`;

/** As names are in the DNS (RFC 1035 section 2.3.1, with the underscores of RFC 8552); at most 253 characters. */
const NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Lets names, and all names below them, lead to the router in the lab's public DNS; whoever looks up the proof of one by
 * ACME's dns-01 (RFC 8555 section 8.4) is sent to a name server behind it. Those that do already stay as they are.
 * @throws {UserError} for what is no name of the DNS, or when the lab does not run.
 * @throws {HostError} when the name server does not come back.
 */
export async function publishNames(lab: string, names: readonly string[]): Promise<void> {
  const wanted = names.map((name) => name.toLowerCase().replace(/^\*\./, '').replace(/\.$/, ''));
  const wrong = wanted.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw new UserError({ message: `‘${wrong}’ cannot be a name in the DNS` });
  const lines = [...new Set(wanted)].flatMap((name) => [
    `address=/${name}/${WAN.router.v4}`,
    `server=/_acme-challenge.${name}/${WAN.router.v4}`,
  ]);
  if (lines.length === 0) return;
  const { code, stderr } = await labCapture(
    { name: lab, node: 'internet', argv: ['sh', '-c', PUBLISH.text, 'sh', wanted[0] ?? ''] },
    { input: `${lines.join('\n')}\n`, timeoutMs: 20_000 },
  );
  if (code !== 0)
    throw new HostError(`The public DNS of the lab ${lab} does not take ${wanted.join(', ')}`, {
      hint: 'Bring the lab up anew: hostwright lab down, then hostwright lab up',
      output: lastLines(stderr, 3),
    });
}

/** Under a lock, since several hosts may be worked on at once. */
const PUBLISH = sh`set -e
exec 9>${`${NAMES_FILE}.lock`}
flock 9
sort -u - ${NAMES_FILE} >${`${NAMES_FILE}.new`}
cmp -s ${`${NAMES_FILE}.new`} ${NAMES_FILE} && exit
dnsmasq --test --conf-file=${`${NAMES_FILE}.new`}
mv ${`${NAMES_FILE}.new`} ${NAMES_FILE}
pkill -x dnsmasq
for try in $(seq 100); do
  dig +short +time=1 +tries=1 ${`@${WAN.internet.v4}`} "$1" | grep -qxF ${WAN.router.v4} && exit
  sleep 0.05
done
exit 1`;
