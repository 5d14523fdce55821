import { DOMAIN, WAN } from '../../../../src/lab/network.ts';
import { sh } from '../../../../src/quote.ts';

/** Where pebble answers, beside the lab’s own one; a second one is its staging, a third takes only customers (EAB). */
export const DIRECTORY = `https://${WAN.internet.v4}:24000/dir`;
export const CUSTOMERS = `https://${WAN.internet.v4}:24200/dir`;
export const STAGING = `https://${WAN.internet.v4}:24100/dir`;

const FOLDER = '/var/tmp/pebble';

/** For `internet`: installs pebble, with an HTTPS certificate that only its own root vouches for. */
export const INSTALL_PEBBLE = sh`apt-get -qq update
apt-get -qqy install pebble >/dev/null
mkdir -p ${FOLDER}; cd ${FOLDER}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=lab -addext basicConstraints=critical,CA:TRUE 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr -subj /CN=pebble 2>/dev/null
echo ${`subjectAltName=IP:${WAN.internet.v4}`} >ext
openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -extfile ext -out tls.pem 2>/dev/null`;

/** An account at the third one (RFC 8555 section 7.3.4). */
export const CUSTOMER = { kid: 'customer-1', hmacKey: Buffer.alloc(32, 7).toString('base64url') };

/** For `internet`: starts one, which refuses that many of a hundred nonces. @param more settings of pebble */
export function startPebble(port: number, nonceReject: number, more: object = {}) {
  const configuration = {
    pebble: {
      listenAddress: `0.0.0.0:${port}`,
      managementListenAddress: `0.0.0.0:${port + 1000}`,
      certificate: `${FOLDER}/tls.pem`,
      privateKey: `${FOLDER}/tls.key`,
      httpPort: 80,
      tlsPort: 443,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
      domainBlocklist: [`blocked.${DOMAIN}`],
      retryAfter: { authz: 0, order: 0 },
      ...more,
    },
  };
  return sh`cd ${FOLDER}
printf %s ${JSON.stringify(configuration)} >${`${port}.json`}
PEBBLE_VA_NOSLEEP=1 PEBBLE_AUTHZREUSE=0 PEBBLE_WFE_NONCEREJECT=${String(nonceReject)} setsid pebble -config ${`${port}.json`} -dnsserver 127.0.0.1:53 >${`${port}.log`} 2>&1 </dev/null &
echo $! >${`${port}.pid`}
for hw_try in $(seq 50); do curl -sf --cacert ca.pem ${`https://${WAN.internet.v4}:${port}/dir`} >/dev/null && break; sleep 0.1; done
cat ca.pem
curl -sS --cacert ca.pem ${`https://${WAN.internet.v4}:${port + 1000}/roots/0`}`;
}

/** For `internet`. */
export function stopPebble(port: number) {
  return sh`kill "$(cat ${`${FOLDER}/${port}.pid`})"`;
}
