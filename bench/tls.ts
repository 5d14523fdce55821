/**
 * What testssl.sh makes of a site as hostwright sets it up, seen from the internet: `npm run bench:tls -- [--release
 * bookworm|trixie]`. A lab of its own, whose authority stands in for Let's Encrypt; testssl.sh is Debian 13's, and is told of the
 * lab's root. Prints the figures of docs/tls.md, and fails for a grade below A.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { labDown } from '../src/lab/down.ts';
import { labCapture } from '../src/lab/exec.ts';
import { isRelease } from '../src/lab/places.ts';
import { labUp } from '../src/lab/up.ts';
import { sh } from '../src/quote.ts';

const LAB = 'bench-tls';
const NAME = 'blog.example.org';
const ENTRY = fileURLToPath(new URL('../bin/hostwright.js', import.meta.url));
const report = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Sets the site up from a folder as a user has it. */
function apply(): void {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-tls-'));
  try {
    mkdirSync(join(folder, 'public'));
    writeFileSync(join(folder, 'public/index.html'), 'hello');
    const site = `{ recipe: site, domain: ${NAME}, source: ./public, expose: internet, tls: letsencrypt }`;
    const roles = `  firewall: {}\n  blog: ${site}\n`;
    writeFileSync(join(folder, 'host.yaml'), `host: attic\nconnect: { lab: ${LAB} }\nroles:\n${roles}`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [ENTRY, 'apply', '--yes', '--no-check'], {
      ...{ cwd: folder, encoding: 'utf8' },
      env: { ...process.env, HOME: folder, NO_COLOR: '1' },
    });
    if (status !== 0) throw new Error(`apply: exit ${status}\n${stdout}${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { values } = parseArgs({ options: { release: { type: 'string', default: 'trixie' } } });
const { release } = values;
if (!isRelease(release)) throw new Error(`--release ${release}: there is bookworm and trixie`);
const { acme } = await labUp({ name: LAB, release, report });
try {
  apply();
  report('testssl.sh');
  const script = sh`export DEBIAN_FRONTEND=noninteractive; apt-get -qq update
apt-get -qqy --no-install-recommends install testssl.sh bsdextrautils procps >/dev/null 2>&1
printf %s ${acme?.root ?? ''} >/tmp/root.pem
testssl --quiet --color 0 --warnings batch --ip one --add-ca /tmp/root.pem ${NAME}`;
  const { stdout } = await labCapture({ name: LAB, node: 'internet', argv: ['sh', '-euc', script.text] });
  report(stdout);
  const rows = [
    ...stdout.matchAll(
      /^ (Overall Grade|Final Score|Strict Transport Security|Forward Secrecy|Trust \(hostname\)|Chain of trust|SSLv3|TLS 1(?:\.[123])?) +(.+)$/gm,
    ),
  ];
  process.stdout.write(
    [`| Debian ${release} | |`, '| --- | --- |', ...rows.map(([, what, is]) => `| ${what} | ${is} |`)].join(
      '\n',
    ),
  );
  process.stdout.write('\n');
  const [, grade = ''] = /^ Overall Grade +(\S+)/m.exec(stdout) ?? [];
  if (!/^A[+]?$/.test(grade)) process.exitCode = 1;
} finally {
  await labDown({ name: LAB, report });
}
