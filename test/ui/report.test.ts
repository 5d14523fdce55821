import { describe, expect, it } from 'vitest';
import type { Report, Result } from '../../src/check/report.ts';
import { PLAIN } from '../../src/ui/paint.ts';
import { renderReport } from '../../src/ui/report.ts';

const result = (part: Partial<Result>): Result => {
  const base: Omit<Result, 'id'> = {
    ...{ vantage: 'phone', role: 'blog', endpoint: 'http', address: '192.168.1.20', port: 80 },
    ...{ protocol: 'tcp', expect: 'reachable', ok: true, ms: 3, steps: [] },
  };
  const all = { ...base, ...part };
  return { ...all, id: part.id ?? `${all.vantage}:${all.role}/${all.endpoint}@${all.address}` };
};

const report = (results: readonly Result[]): Report => ({
  v: 1,
  host: 'attic',
  ok: results.every(({ ok }) => ok),
  vantages: [
    { name: 'self', address: '192.168.1.20', sameLan: true },
    { name: 'phone', address: '192.168.1.11', sameLan: true },
    { name: 'internet', address: '203.0.113.1', sameLan: false, note: 'no route to IPv6 addresses' },
  ],
  results,
});

const text = (results: readonly Result[], { columns = 80, verbose = false } = {}): string =>
  renderReport(report(results), { paint: PLAIN, columns, verbose });

const good = [
  result({ vantage: 'self' }),
  result({}),
  result({ address: 'fd00::20' }),
  result({ vantage: 'internet', expect: 'blocked' }),
];

describe('a report', () => {
  it('is a table of endpoints and places, in words', () => {
    expect(text(good)).toMatchInlineSnapshot(`
      "                     self        phone       internet
        blog http 80/tcp   ✓ reached   ✓ reached   ✓ blocked

        ! internet: no route to IPv6 addresses

      attic: all 4 checks passed, from 3 places."
    `);
  });

  it('shows every address for itself when verbose', () => {
    expect(text(good, { verbose: true })).toContain('blog http 80/tcp at fd00::20');
  });

  it('is a list where the table would be too wide', () => {
    const long = 'ssh://somebody@a-machine-with-a-long-name.example.org';
    const results = [...good, result({ vantage: long })];
    const shown = renderReport(
      { ...report(results), vantages: [...report([]).vantages, { name: long, address: '', sameLan: true }] },
      { paint: PLAIN, columns: 80, verbose: false },
    );
    expect(shown).toContain(`✓ reached from ${long}`);
  });

  it('tells a failure with its steps, cause and remedy, and folds what follows from it', () => {
    const bad = result({
      ok: false,
      steps: [
        { name: 'tcp', ok: true, detail: 'connected in 3 ms' },
        { name: 'status', ok: false, detail: '502 instead of 200' },
      ],
      cause: 'wrong-status',
      fix: 'Look at its error log.',
    });
    const follows = result({ ok: false, address: 'fd00::20', because: bad.id });
    const last = result({ ok: false, vantage: 'here', because: follows.id });
    const shown = text([result({ vantage: 'self' }), bad, follows, last]);
    expect(shown).toContain('✗ phone cannot reach blog http at 192.168.1.20:80');
    expect(shown).toContain('✓ tcp: connected in 3 ms');
    expect(shown).toContain('✗ status: 502 instead of 200');
    expect(shown).toContain('cause: wrong-status');
    expect(shown).toContain('Look at its error log.');
    expect(shown).toContain('also explains 2 more');
    expect(shown).not.toContain('cannot reach blog http at [fd00::20]');
    expect(shown).toContain('3 of 4 checks failed');
  });

  it('shouts about what is open and should not be', () => {
    const shown = text([result({ vantage: 'internet', expect: 'blocked', ok: false })]);
    expect(shown).toContain('✗ OPEN');
    expect(shown).toContain('internet can reach blog http');
  });

  it('says so when a place could not be used', () => {
    const shown = text([
      result({ endpoint: '', role: '', ok: false, cause: 'vantage-unreachable', port: 22 }),
    ]);
    expect(shown).toContain('phone could not be used at 192.168.1.20:22');
  });

  it('strips control sequences', () => {
    const steps = [{ name: 'http', ok: false, detail: '\u001b]0;owned\u0007\u001b[2J' }];
    expect(text([result({ ok: false, steps })])).not.toContain('\u001b');
  });
});
