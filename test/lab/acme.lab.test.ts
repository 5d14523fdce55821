import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateDeclaration } from '../../src/agent/declared.ts';
import { AGENT, DECLARATIONS, STATE } from '../../src/agent/places.ts';
import { labDown } from '../../src/lab/down.ts';
import { laptopArgv } from '../../src/lab/enter.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { ADDRESSES, BOX_V4, DOMAIN } from '../../src/lab/network.ts';
import type { LabState } from '../../src/lab/state.ts';
import { labUp } from '../../src/lab/up.ts';
import { type Shell, sh } from '../../src/quote.ts';
import {
  CUSTOMER,
  CUSTOMERS,
  DIRECTORY,
  INSTALL_PEBBLE,
  STAGING,
  startPebble,
  stopPebble,
} from './support/acme/pebble.ts';
import { workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const HERE = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const INSTALLER = '/usr/local/lib/hostwright/install-certificates';
const TRUST = `${DECLARATIONS.trust}/blog.pem`;
const NAME = `blog.${DOMAIN}`;
const [LAPTOP = ''] = ADDRESSES.laptop;
const PAIR = '/etc/ssl/hostwright/blog';
const RENEWALS = 50;

const NGINX = `server {
  listen 80;
  location ^~ /.well-known/acme-challenge/ { alias ${AGENT.challenges}/; default_type text/plain; }
}
server {
  listen 443 ssl;
  ssl_certificate ${PAIR}/fullchain.pem;
  ssl_certificate_key ${PAIR}/key.pem;
  location / { return 200 page; }
}
`;

describe.each(releasesOf('bookworm'))('certificates by the agent on Debian %s', (release) => {
  const name = `acme-${release}`;
  const folder = workingFolder();
  let lab: LabState;
  let roots = '';

  async function on(node: 'box' | 'internet' | 'router', script: Shell | string): Promise<string> {
    const { code, stdout, stderr } = await labCapture(
      { name, node, argv: ['sh', '-eus'] },
      { input: String(script) },
    );
    if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${stdout}`);
    return stdout;
  }
  const put = (path: string, content: string, mode = '0644') =>
    on('box', sh`mkdir -p "$(dirname ${path})"; printf %s ${content} >${path}; chmod ${mode} ${path}`);
  const agent = (words: string) =>
    `runuser -u ${AGENT.user} -- /usr/bin/node --max-old-space-size=64 ${AGENT.main} ${words}`;
  const declare = (more: Partial<CertificateDeclaration> = {}) => {
    const declaration: CertificateDeclaration = {
      format: 1,
      name: 'blog',
      names: [NAME],
      directory: DIRECTORY,
      authority: 'the lab',
      trust: TRUST,
      keyType: 'ecdsa-p256',
      challenge: { type: 'http-01' },
      ...more,
    };
    return put(`${DECLARATIONS.certificates}/blog.json`, JSON.stringify(declaration));
  };
  const state = async () => JSON.parse(await on('box', `cat ${STATE.certificates}/blog.json`));
  const serial = () => on('box', `openssl x509 -in ${PAIR}/fullchain.pem -noout -serial`);

  beforeAll(async () => {
    lab = await labUp({ name, release, report: () => undefined });
    const bundle = await build({
      entryPoints: [HERE('support/acme/agent.ts')],
      bundle: true,
      write: false,
      platform: 'node',
      target: 'node18',
      format: 'esm',
      banner: {
        js: "import { createRequire as r_ } from 'node:module'; const require = r_(import.meta.url);",
      },
    });
    await on('internet', INSTALL_PEBBLE);
    roots = await on('internet', startPebble(24_000, 20));
    roots += await on('internet', startPebble(24_100, 20));
    await on(
      'router',
      `nft add rule ip router-nat prerouting iifname wan tcp dport 80 dnat to ${BOX_V4}
nft add rule inet router forward ct status dnat accept`,
    );
    await on(
      'box',
      sh`export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qqy install --no-install-recommends nginx openssl nodejs adduser >/dev/null
adduser --quiet --system --group --home ${AGENT.home} ${AGENT.user}
chmod 755 ${AGENT.home}
install -d -o ${AGENT.user} -g ${AGENT.user} ${AGENT.challenges}
install -d ${DECLARATIONS.certificates} ${DECLARATIONS.installs} ${DECLARATIONS.trust} ${AGENT.code} ${PAIR}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${PAIR}/key.pem -out ${PAIR}/fullchain.pem -subj /CN=stand-in 2>/dev/null
rm /etc/nginx/sites-enabled/default`,
    );
    await put(AGENT.main, bundle.outputFiles[0]?.text ?? '');
    await put(INSTALLER, readFileSync(HERE('../../src/agent/host/install-certificates'), 'utf8'), '0755');
    await put(TRUST, roots);
    await put(
      `${DECLARATIONS.installs}/blog`,
      `owner=root\ngroup=www-data\nnames=${NAME}\ntrust=${TRUST}\nservices=nginx:reload\n`,
    );
    await put('/etc/nginx/conf.d/blog.conf', NGINX);
    await on('box', 'systemctl restart nginx');
    writeFileSync(join(folder.path, 'roots.pem'), roots);
  });
  afterAll(async () => {
    folder.remove();
    await labDown({ name, report: () => undefined });
  });

  it('gets the first one after having tried the staging, and nginx serves it', async () => {
    await declare({ staging: STAGING });
    const said = await on('box', agent('renew'));
    expect(said).toMatch(
      /trying the lab without consequences first(?:.|\n)*asking the lab(?:.|\n)*issued by the lab/,
    );
    expect(await on('box', INSTALLER)).toMatch(/^blog: installed/);
    expect(await on('box', `stat -c '%a %U %G' ${PAIR}/key.pem ${PAIR}/fullchain.pem`)).toBe(
      '640 root www-data\n644 root root\n',
    );
    const verified = () =>
      on(
        'box',
        `openssl s_client -connect 127.0.0.1:443 -servername ${NAME} -verify_hostname ${NAME} -verify_return_error -CAfile ${TRUST} -brief </dev/null 2>&1 || :`,
      );
    // nginx answers the reload before its new processes have taken over.
    await expect.poll(verified, { timeout: 10_000 }).toContain('Verification: OK');
    // The renewal information of pebble (RFC 9773) is asked again; a second run orders nothing.
    expect((await state()).renewal.askAgain).toBeDefined();
    const before = await serial();
    expect(await on('box', `${agent('renew')}; ${INSTALLER}`)).toBe('');
    expect(await serial()).toBe(before);
  });

  it(`renews ${RENEWALS} times under errors, and none of the clients who ask 50 times a second notices`, async () => {
    const [program = '', ...words] = laptopArgv(lab, [
      process.execPath,
      HERE('support/acme/client.mjs'),
      BOX_V4,
      NAME,
      join(folder.path, 'roots.pem'),
    ]);
    const client = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const printed = text(client.stdout);
    const began = Date.now();
    try {
      await on(
        'box',
        `(while sleep 0.1; do [ ! -d ${AGENT.ready}/blog ] || ${INSTALLER}; done >/var/tmp/installed 2>&1) &
installer=$!
trap 'kill "$installer"' EXIT
timeout 240 ${agent(`often ${RENEWALS}`)} >/var/tmp/renewed || { grep -c 'issued by' /var/tmp/renewed; tail -n 20 /var/tmp/renewed; false; }`,
      );
    } finally {
      client.stdin.end();
    }
    const seconds = (Date.now() - began) / 1000;
    const { count, failures, certificates } = JSON.parse(await printed);
    process.stdout.write(`${RENEWALS} renewals in ${seconds.toFixed(1)} s, ${count} requests\n`);
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(seconds * 40);
    expect(certificates).toBeGreaterThan(RENEWALS * 0.9);
  });

  it('goes on with a new account when the key is lost, by a new key, and after a revocation', async () => {
    await on(
      'box',
      `rm -r ${AGENT.home}/accounts; ${agent('renew --now')}; ${agent('account-key')}; ${agent('renew --now')}; ${INSTALLER}`,
    );
    expect(await on('box', agent('revoke'))).toContain('blog: revoked (superseded)');
    const before = await serial();
    await on('box', `${agent('renew')}; ${INSTALLER}`);
    expect(await serial()).not.toBe(before);
  });

  it('waits as long as an authority wants, and says who allows it no certificate', async () => {
    const directory = await on('internet', sh`curl -sS --cacert /var/tmp/pebble/ca.pem ${DIRECTORY}`);
    const [key, certificate] = [join(folder.path, 'laptop.key'), join(folder.path, 'laptop.pem')];
    execFileSync(
      'openssl',
      [
        ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=laptop'.split(' '),
        ...['-addext', `subjectAltName=IP:${LAPTOP}`, '-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    await put(TRUST, roots + readFileSync(certificate, 'utf8'));
    const [program = '', ...words] = laptopArgv(lab, [
      process.execPath,
      HERE('support/acme/refusing.mjs'),
      ...[key, certificate, LAPTOP, directory],
    ]);
    const refusing = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(refusing.stdout, 'data');
      await declare({ directory: `https://${LAPTOP}:24300/ratelimited/dir` });
      await expect(on('box', agent('renew'))).rejects.toThrow(/for 2 hours.*ca-rate-limited: too many/);
      expect(Date.parse((await state()).next)).toBeGreaterThan(Date.now() + 7_100_000);
      expect(await on('box', agent('renew'))).toBe('');
      await declare({ directory: `https://${LAPTOP}:24300/caa/dir` });
      await expect(on('box', agent('renew'))).rejects.toThrow(/CAA record .*\(caa: CAA record/);
    } finally {
      refusing.stdin.end();
    }
  });

  it('binds its account to one that a customer has at the authority', async () => {
    const more = {
      externalAccountBindingRequired: true,
      externalAccountMACKeys: { [CUSTOMER.kid]: CUSTOMER.hmacKey },
    };
    const trust = await on('internet', startPebble(24_200, 20, more));
    await put(TRUST, roots + trust);
    await declare({ directory: CUSTOMERS });
    await expect(on('box', agent('renew'))).rejects.toThrow('external-account-required');
    await declare({ directory: CUSTOMERS, eab: { ...CUSTOMER, hmacKey: 'AAAA' } });
    await expect(on('box', agent('renew'))).rejects.toThrow(/bad-eab|account-refused/);
    await declare({ directory: CUSTOMERS, eab: CUSTOMER });
    expect(await on('box', agent('renew'))).toContain('issued by');
    await put(TRUST, roots);
    await declare();
    expect(await on('box', `${agent('renew')}; ${INSTALLER}`)).toMatch(
      /another authority(?:.|\n)*blog: installed/,
    );
  });

  it('says in plain words why there is none, and leaves the old one', async () => {
    const before = await serial();
    await declare({ names: [`blocked.${DOMAIN}`] });
    await expect(on('box', agent('renew'))).rejects.toThrow('ca-refuses-name');
    await declare({ names: ['elsewhere.example'] });
    await expect(on('box', agent('renew'))).rejects.toThrow('dns-missing');
    await declare();
    // One that has proven nothing yet: pebble asks one of a hundred times for no new proof, even where it is told to.
    await on('box', `rm -r ${AGENT.home}/accounts; systemctl stop nginx`);
    await expect(on('box', agent('renew --now'))).rejects.toThrow('connection');
    await on(
      'box',
      `sed -i 's/acme-challenge/elsewhere/' /etc/nginx/conf.d/blog.conf; systemctl start nginx`,
    );
    await expect(on('box', agent('renew --now'))).rejects.toThrow('wrong-server');
    await on('internet', stopPebble(24_000));
    await expect(on('box', agent('renew --now'))).rejects.toThrow('ca-unreachable');
    expect(await state()).toMatchObject({ failures: 3, issued: { names: [NAME] } });
    expect(await serial()).toBe(before);
    expect(await on('box', agent('wait'))).toMatch(/the lab can’t be reached .* Next try at/);
  });
});
