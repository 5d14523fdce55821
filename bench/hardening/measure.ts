import { writeFile } from 'node:fs/promises';
import { labCapture } from '../../src/lab/exec.ts';
import type { Release } from '../../src/lab/places.ts';
import { exposure, type Finding, lynisReport, openPorts, sshAudit, testssl } from './findings.ts';

const BOX = '192.168.1.20';

/** What the tools say about one machine. */
export interface Measured {
  /** Unit → exposure level. */
  readonly exposure: ReadonlyMap<string, number>;
  /** lynis' hardening index, of 100. */
  readonly lynis: number;
  readonly sshAudit: { readonly fail: number; readonly warn: number };
  /** Open ports, by where they are seen from. */
  readonly open: { readonly phone: readonly string[]; readonly internet: readonly string[] };
  readonly findings: readonly Finding[];
}

/** Endpoints that speak TLS, as testssl.sh is told of them. */
const TLS: Readonly<Record<string, readonly string[]>> = {
  ftp: ['-t', 'ftp', `${BOX}:21`],
  postgres: ['-t', 'postgres', `${BOX}:5432`],
  mariadb: ['-t', 'mysql', `${BOX}:3306`],
};

/** Lets every tool look at the lab's box; the tools are installed in the lab's machines, and nowhere else. */
export async function measure(
  lab: string,
  release: Release,
  { tls, raw, say }: { readonly tls: boolean; readonly raw?: string; say(text: string): void },
): Promise<Measured> {
  const on = async (node: 'box' | 'phone' | 'internet', script: string): Promise<string> => {
    const { code, stdout, stderr } = await labCapture(
      { name: lab, node, argv: ['sh', '-s'] },
      { input: script },
    );
    if (code !== 0) throw new Error(`${node}: ${script}: exit ${code}\n${stderr}\n${stdout.slice(-2000)}`);
    return stdout;
  };
  const units = [
    'nginx',
    'named',
    'proftpd',
    release === 'bookworm' ? 'postgresql@15-main' : 'postgresql@17-main',
    'mariadb',
  ];
  const levels = new Map<string, number>();
  for (const unit of units)
    levels.set(
      unit.replace(/@.*/, ''),
      exposure(await on('box', `systemd-analyze security --no-pager ${unit}.service | tail -n 1`)),
    );
  say('nmap');
  // As root: what is dropped is asked for once more, and not waited for.
  const scan = 'nmap -n -Pn --min-rate 3000 --max-retries 1 -oG -';
  const six = (
    await on(
      'box',
      `ip -6 -o addr show scope global | sed -n 's/.*inet6 \\(2001[0-9a-f:]*\\).*/\\1/p' | head -n 1`,
    )
  ).trim();
  const open = {
    phone: openPorts(
      await on(
        'phone',
        `${scan} -p- ${BOX}; ${scan} -sU -p 53,67,68,69,111,123,137,138,161,1900,5353 ${BOX}`,
      ),
    ),
    internet: openPorts(await on('internet', `${scan} -p- 203.0.113.2; ${scan} -6 -p- ${six}`)),
  };
  say('ssh-audit, testssl.sh');
  const tools =
    'export DEBIAN_FRONTEND=noninteractive; apt-get -q update; apt-get -qy install --no-install-recommends';
  await on('phone', `{ ${tools} ssh-audit testssl.sh bsdextrautils procps socat; } >/dev/null 2>&1`);
  const ssh = sshAudit(await on('phone', `ssh-audit --no-colors --skip-rate-test ${BOX} || :`));
  const findings: Finding[] = [...ssh];
  if (tls) {
    const audits = Object.entries(TLS).map(async ([name, words]) => {
      const command = `rm -f /root/${name}.json; testssl --quiet --color 0 --warnings off --openssl-timeout 10 -p -s -f -S -U --jsonfile /root/${name}.json ${words.join(' ')} >/dev/null 2>&1 || :`;
      return testssl(name, await on('phone', `${command}\ncat /root/${name}.json`));
    });
    findings.push(...(await Promise.all(audits)).flat());
  }
  say('lynis');
  await on('box', `{ ${tools} lynis; } >/dev/null 2>&1`);
  const report = lynisReport(
    await on(
      'box',
      'lynis audit system --quick --no-colors --quiet >/dev/null 2>&1 || :; cat /var/log/lynis-report.dat',
    ),
  );
  findings.push(...report.findings);
  if (raw !== undefined) await writeFile(`${raw}/lynis.log`, await on('box', 'cat /var/log/lynis.log'));
  const count = (level: string): number => ssh.filter((finding) => finding.level === level).length;
  return {
    exposure: levels,
    lynis: report.index,
    sshAudit: { fail: count('fail'), warn: count('warn') },
    open,
    findings,
  };
}
