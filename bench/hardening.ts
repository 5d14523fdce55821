/**
 * How hard a machine is to break into, before and after: `npm run bench:hardening -- [--release bookworm|trixie]
 * [--only before|after] [--raw DIR]`, each in a lab of its own. "Before" is Debian with the packages that the roles use, as they come;
 * "after" is the host file in bench/hardening. The tools that judge are installed in the lab's machines only. Prints the
 * figures of docs/hardening.md, and fails for a finding that is not explained there, or a goal that is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { labDown } from '../src/lab/down.ts';
import { labCapture } from '../src/lab/exec.ts';
import { isRelease, type Release } from '../src/lab/places.ts';
import { labUp } from '../src/lab/up.ts';
import { outdated, unexplained } from './hardening/findings.ts';
import { type Measured, measure } from './hardening/measure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENT = join(root, 'docs/hardening.md');
const entry = join(root, 'bin/hostwright.js');
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const UPGRADE = 'apt-get -q update; apt-get -qy upgrade';
/** What the roles install, the way a person would. */
const STOCK = 'apt-get -qy install nginx bind9 proftpd-core proftpd-mod-crypto postgresql mariadb-server';

type When = 'before' | 'after';

async function inLab(when: When, release: Release, raw: string | undefined): Promise<Measured> {
  const lab = `hardening-${when}`;
  await labUp({ name: lab, release, report: say });
  try {
    const box = async (script: string): Promise<void> => {
      const command = `export DEBIAN_FRONTEND=noninteractive; ${script}`;
      const { code, stderr } = await labCapture({ name: lab, node: 'box', argv: ['sh', '-ec', command] });
      if (code !== 0) throw new Error(`${script}: exit ${code}\n${stderr}`);
    };
    await box(UPGRADE);
    if (when === 'before') await box(STOCK);
    else apply(lab);
    return await measure(lab, release, { tls: when === 'after', say, ...(raw === undefined ? {} : { raw }) });
  } finally {
    await labDown({ name: lab, report: say });
  }
}

function apply(lab: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-hardening-'));
  try {
    const hostFile = readFileSync(join(root, 'bench/hardening/host.yaml'), 'utf8');
    writeFileSync(join(folder, 'host.yaml'), hostFile);
    const words = ['apply', '--connect', 'lab', '--lab', lab, '--yes', '--no-check'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...words], {
      cwd: folder,
      env: { ...process.env, HOME: folder, NO_COLOR: '1' },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`hostwright ${words.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One column of the table in docs/hardening.md. */
function column({ exposure, lynis, sshAudit, open }: Measured): readonly (readonly [string, string])[] {
  const list = (ports: readonly string[]): string => (ports.length === 0 ? 'none' : ports.join(', '));
  return [
    ...[...exposure].map(([unit, level]) => [`systemd-analyze security ${unit}`, level.toFixed(1)] as const),
    ['lynis, hardening index', `${lynis}`],
    ['ssh-audit', `${sshAudit.fail} failures, ${sshAudit.warn} warnings`],
    ['nmap from the phone', list(open.phone)],
    ['nmap from the internet', list(open.internet)],
  ];
}

/** What is wrong with the finished host, one line each. */
function complaints({ exposure, lynis, sshAudit, findings }: Measured): readonly string[] {
  const document = readFileSync(DOCUMENT, 'utf8');
  return [
    ...[...exposure]
      .filter(([, level]) => !(level <= 4))
      .map(([unit, level]) => `${unit}: exposure ${level}`),
    ...(lynis >= 80 ? [] : [`lynis: ${lynis}`]),
    ...(sshAudit.fail + sshAudit.warn === 0 ? [] : ['ssh-audit finds fault']),
    ...unexplained(findings, document).map(({ tool, id, text }) => `| ${tool} | \`${id}\` | ${text} |`),
  ];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      release: { type: 'string', default: 'bookworm' },
      only: { type: 'string' },
      raw: { type: 'string' },
    },
  });
  const { release, only, raw } = values;
  if (!isRelease(release)) throw new Error(`--release is bookworm or trixie, not ${release}`);
  let wrong: readonly string[] = [];
  let gone: readonly string[] = [];
  for (const when of ['before', 'after'] as const) {
    if (only !== undefined && only !== when) continue;
    const measured = await inLab(when, release, raw);
    for (const [name, figure] of column(measured))
      process.stdout.write(`| ${name} | ${when} ${release} | ${figure} |\n`);
    if (when !== 'after') continue;
    wrong = complaints(measured);
    gone = outdated(measured.findings, readFileSync(DOCUMENT, 'utf8'));
  }
  for (const line of gone)
    process.stdout.write(`In docs/hardening.md, and not found on ${release}: ${line}\n`);
  for (const line of wrong) process.stdout.write(`${line}\n`);
  return wrong.length === 0 ? 0 : 1;
}

process.exitCode = await main();
