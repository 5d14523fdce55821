import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  accepted,
  exposure,
  lynisReport,
  openPorts,
  outdated,
  sshAudit,
  testssl,
  unexplained,
} from '../../bench/hardening/findings.ts';

it('reads what each tool prints', () => {
  const report = `lynis_version=3.0.8
warning[]=FIRE-4512|iptables module(s) loaded, but no rules active|-|-|
suggestion[]=SSH-7408|Consider hardening SSH configuration|AllowTcpForwarding (set YES to NO)|-|
suggestion[]=BOOT-5264|Consider hardening system services|Run '/usr/bin/systemd-analyze security SERVICE' for each service|-|
hardening_index=81
`;
  expect(lynisReport(report)).toEqual({
    index: 81,
    findings: [
      { tool: 'lynis', id: 'FIRE-4512', text: 'warning: iptables module(s) loaded, but no rules active' },
      {
        tool: 'lynis',
        id: 'SSH-7408 AllowTcpForwarding',
        text: 'suggestion: Consider hardening SSH configuration',
      },
      { tool: 'lynis', id: 'BOOT-5264', text: 'suggestion: Consider hardening system services' },
    ],
  });
  const audit = `(kex) curve25519-sha256               -- [info] available since OpenSSH 7.4
(kex) ecdh-sha2-nistp256              -- [fail] using elliptic curves that are suspected as being backdoored
                                      \`- [warn] using weak random number generator
(rec) -ecdh-sha2-nistp256             -- kex algorithm to remove
`;
  expect(sshAudit(audit).map(({ id, level }) => [id, level])).toEqual([
    ['kex ecdh-sha2-nistp256', 'fail'],
    ['kex ecdh-sha2-nistp256', 'warn'],
  ]);
  expect(openPorts('Host: 192.168.1.20 ()\tPorts: 21/open/tcp//ftp///, 53/open/udp//domain///\n')).toEqual([
    '21/tcp',
    '53/udp',
  ]);
  const json = `[{"id":"TLS1","ip":"x","port":"21","severity":"LOW","finding":"offered"},{"id":"TLS1_2","severity":"OK","finding":"offered"}]`;
  expect(testssl('ftp', json)).toEqual([{ tool: 'testssl.sh', id: 'ftp TLS1', text: 'LOW: offered' }]);
  expect(exposure('→ Overall exposure level for nginx.service: 2.8 OK 🙂\n')).toBe(2.8);
});

it('knows which findings the document explains', () => {
  const document =
    '| tool | finding | why |\n| --- | --- | --- |\n| lynis | `A-1`, `A-2 Port` | Because. |\n';
  expect([...accepted(document)]).toEqual(['lynis A-1', 'lynis A-2 Port']);
  const findings = ['A-1', 'A-2'].map((id) => ({ tool: 'lynis' as const, id, text: '' }));
  expect(unexplained(findings, document).map(({ id }) => id)).toEqual(['A-2']);
  expect(outdated(findings, document)).toEqual(['lynis A-2 Port']);
  expect(accepted(readFileSync('docs/hardening.md', 'utf8')).size).toBeGreaterThan(0);
});
