/** What tools that look for weaknesses have printed, as data. Pure. */

/** Something that a tool finds fault with. */
export interface Finding {
  readonly tool: 'lynis' | 'ssh-audit' | 'nmap' | 'testssl.sh' | 'systemd-analyze';
  /** Stable between runs: what docs/hardening.md calls it. */
  readonly id: string;
  /** In the tool's words. */
  readonly text: string;
}

/** `/var/log/lynis-report.dat` (lynis 3): the index, and every warning and suggestion. */
export function lynisReport(report: string): {
  readonly index: number;
  readonly findings: readonly Finding[];
} {
  const lines = report.split('\n');
  const index = Number(lines.find((line) => line.startsWith('hardening_index='))?.split('=')[1]);
  const findings = lines.flatMap((line): Finding[] => {
    const [, level = '', rest] = /^(warning|suggestion)\[\]=(.*)$/.exec(line) ?? [];
    if (rest === undefined) return [];
    const [id = '', text = '', detail = '-'] = rest.split('|');
    // Of one test that finds fault with several settings, each has a line.
    const setting = /^([A-Za-z]\w+) \(set /.exec(detail)?.[1];
    return [
      { tool: 'lynis', id: setting === undefined ? id : `${id} ${setting}`, text: `${level}: ${text}` },
    ];
  });
  return { index, findings };
}

/** What ssh-audit prints with `--no-colors`. */
export function sshAudit(output: string): readonly (Finding & { readonly level: 'fail' | 'warn' })[] {
  let subject = '';
  return output.split('\n').flatMap((line) => {
    const [, kind, name] = /^\((kex|key|enc|mac|gen)\) (\S+)/.exec(line) ?? [];
    if (kind !== undefined) subject = `${kind} ${name}`;
    const [, level, text] = /\[(fail|warn)\] (.*)$/.exec(line) ?? [];
    if (level === undefined || text === undefined) return [];
    return [{ tool: 'ssh-audit' as const, id: subject, text: text.trim(), level: level as 'fail' | 'warn' }];
  });
}

/** Open ports in nmap's output for programs (`-oG -`): `21/tcp`. */
export function openPorts(output: string): readonly string[] {
  return [...output.matchAll(/(\d+)\/open\/(tcp|udp)\//g)].map(([, port, protocol]) => `${port}/${protocol}`);
}

const GRAVE = new Set(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'WARN', 'FATAL']);

/** What testssl.sh says with `--jsonfile`, for one endpoint. */
export function testssl(endpoint: string, json: string): readonly Finding[] {
  const entries = JSON.parse(json) as readonly { id: string; severity: string; finding: string }[];
  return entries
    .filter(({ severity }) => GRAVE.has(severity))
    .map(({ id, severity, finding }) => ({
      tool: 'testssl.sh',
      id: `${endpoint} ${id}`,
      text: `${severity}: ${finding}`,
    }));
}

/** The level of exposure that `systemd-analyze security UNIT` comes to; from 0 to 10, less is better. */
export function exposure(output: string): number {
  return Number(/Overall exposure level for \S+: ([\d.]+)/.exec(output)?.[1]);
}

/** Rows of the table of docs/hardening.md with findings that stay: tool, id and reason. */
export function accepted(document: string): ReadonlySet<string> {
  const rows = document.matchAll(
    /^\| (lynis|ssh-audit|nmap|testssl\.sh|systemd-analyze) \| (.+?) \| .+ \|$/gm,
  );
  return new Set(
    [...rows].flatMap(([, tool, ids = '']) =>
      [...ids.matchAll(/`([^`]+)`/g)].map(([, id]) => `${tool} ${id}`),
    ),
  );
}

/** What the document names and nothing finds any more: `tool id`. */
export function outdated(findings: readonly Finding[], document: string): readonly string[] {
  const found = new Set(findings.map(({ tool, id }) => `${tool} ${id}`));
  return [...accepted(document)].filter((known) => !found.has(known));
}

/** Findings that the document does not name. */
export function unexplained(findings: readonly Finding[], document: string): readonly Finding[] {
  const known = accepted(document);
  return findings.filter(({ tool, id }) => !known.has(`${tool} ${id}`));
}
