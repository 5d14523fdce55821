/**
 * The lab's certificate authority: pebble, a small server of ACME (RFC 8555) for tests, on the machine `internet`. It
 * proves names as a public one does: over the public DNS, and from outside.
 */
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { machineArgv } from './exec.ts';
import { ACME_MANAGEMENT_PORT, ACME_PORT, WAN } from './network.ts';
import type { NodeFile } from './nodes/node.ts';
import { lastLines, mortal, run } from './run.ts';
import type { LabAcme } from './state.ts';

const FOLDER = '/etc/lab/acme';

/** What pebble reads. Its own certificate is made when the machine starts. */
export const ACME_FILES: Readonly<Record<string, NodeFile>> = {
  [`${FOLDER}/pebble.json`]: {
    text: `${JSON.stringify(
      {
        pebble: {
          listenAddress: `:${ACME_PORT}`,
          managementListenAddress: `:${ACME_MANAGEMENT_PORT}`,
          certificate: `${FOLDER}/server.pem`,
          privateKey: `${FOLDER}/server.key`,
          httpPort: 80,
          tlsPort: 443,
          ocspResponderURL: '',
          externalAccountBindingRequired: false,
          // Seconds; as short as the protocol has it, since tests wait for it.
          retryAfter: { authz: 1, order: 1 },
          // 90 days, in seconds; pebble has it here up to 2.6, and in profiles since.
          certificateValidityPeriod: 7_776_000,
          profiles: {
            default: { description: 'As public authorities issue them', validityPeriod: 7_776_000 },
          },
        },
      },
      undefined,
      2,
    )}\n`,
  },
};

/**
 * Part of a machine's start: a root and a certificate of its own for its https, then pebble. Without its habits of
 * waiting and of refusing good requests, which are there to annoy clients on purpose.
 */
export const startAcme = `(
  cd ${FOLDER}
  ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  if [ ! -s server.pem ]; then
    openssl req -x509 $ec -keyout root.key -out root.pem -days 3650 -subj '/CN=Lab root' \\
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
    openssl req -x509 -CA root.pem -CAkey root.key $ec -keyout server.key -out server.pem -days 3650 \\
      -subj '/CN=${WAN.internet.v4}' -addext 'subjectAltName=IP:${WAN.internet.v4},IP:${WAN.internet.v6},DNS:internet.test' \\
      -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth
  fi 2>openssl.log
  export PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0
  exec pebble -config pebble.json -dnsserver ${WAN.internet.v4}:53 >pebble.log 2>&1
) &
`;

/** Seconds. */
const PATIENCE = 30;

/**
 * Waits until the lab's authority answers, and gives what it takes to use it.
 * @throws {HostError} when it does not, with what it said.
 */
export async function waitForAcme(lab: string): Promise<LabAcme> {
  // The machine itself is being started meanwhile: its first process may not be there yet.
  const deadline = Date.now() + PATIENCE * 1000;
  for (;;) {
    const { code, stdout } = await readRoots(lab);
    if (code === 0) return { directory: `https://${WAN.internet.v4}:${ACME_PORT}/dir`, root: stdout };
    if (Date.now() > deadline) throw await complaint(lab);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Both roots: the one of its https, and the one of what it issues, which pebble makes anew at each start. */
const ROOTS = sh`set -e
cd ${FOLDER} && test -s server.pem
issued=$(curl -fsS -m 5 --cacert root.pem ${`https://${WAN.internet.v4}:${ACME_MANAGEMENT_PORT}/roots/0`})
cat root.pem
printf '%s\n' "$issued"`;

async function readRoots(lab: string): Promise<{ readonly code: number; readonly stdout: string }> {
  try {
    return await run(mortal(machineArgv(lab, 'internet', ['sh', '-c', ROOTS.text])), { timeoutMs: 10_000 });
  } catch {
    return { code: 1, stdout: '' };
  }
}

async function complaint(lab: string): Promise<HostError> {
  const log = await run(machineArgv(lab, 'internet', ['sh', '-c', `cat ${FOLDER}/*.log`])).catch(
    () => undefined,
  );
  return new HostError(`The certificate authority of the lab ${lab} did not start within ${PATIENCE} s`, {
    output: lastLines(log?.stdout ?? '', 12),
  });
}
