import { describe, expect, it } from 'vitest';
import type { Report, Result } from '../../src/check/report.ts';
import { story } from '../../src/rehearse/story.ts';

function result(vantage: string, address: string, more: Partial<Result> = {}): Result {
  const expected = more.expect ?? 'reachable';
  return {
    ...{ id: `${vantage}@${address}`, vantage, role: 'blog', endpoint: 'http', address, port: 80 },
    ...{ protocol: 'tcp', expect: expected, ok: true, ms: 12 },
    steps: expected === 'reachable' ? [{ name: 'http', ok: true, detail: '' }] : [],
    ...more,
  };
}
const told = (...results: Result[]) => story({ results } as unknown as Report);
const blocked = { expect: 'blocked' } as const;

describe('the story of a check', () => {
  it('says who gets the page and who gets nothing, by the addresses that people know', () => {
    expect(
      told(
        result('self', '192.168.1.20'),
        result('phone', '192.168.1.20'),
        result('phone', '2001:db8::20'),
        result('internet', '2001:db8::20', blocked),
        result('internet', '203.0.113.2', blocked),
      ),
    ).toEqual([
      {
        ok: true,
        text: 'A phone in the home network gets "blog": http://192.168.1.20/ in 12 ms, and over IPv6 at 1 address',
      },
      {
        ok: true,
        text: 'A machine out on the internet gets nothing: closed at 203.0.113.2:80, and over IPv6 at 1 address',
      },
    ]);
  });

  it('names every place where it went wrong', () => {
    expect(
      told(
        result('phone', '192.168.1.20', { ok: false, steps: [] }),
        result('phone', '2001:db8::20', {
          ok: false,
          port: 8080,
          steps: [{ name: 'http', ok: false, detail: '' }],
        }),
        result('internet', '203.0.113.2'),
        result('internet', '203.0.113.2', { ...blocked, ok: false, port: 5432 }),
      ),
    ).toEqual([
      {
        ok: false,
        text: 'A phone in the home network does NOT get "blog" at 192.168.1.20:80, http://[2001:db8::20]:8080/',
      },
      { ok: true, text: 'A machine out on the internet gets "blog": http://203.0.113.2/ in 12 ms' },
      { ok: false, text: 'A machine out on the internet gets IN, and should not: 203.0.113.2:5432' },
    ]);
  });

  it('says "nothing else" beside what is meant to be reached, and nothing of places that were not tried', () => {
    expect(
      told(result('internet', '2001:db8::20'), result('internet', '2001:db8::20', { ...blocked, port: 22 })),
    ).toEqual([
      { ok: true, text: 'A machine out on the internet gets "blog": http://[2001:db8::20]/ in 12 ms' },
      { ok: true, text: 'A machine out on the internet gets nothing else: closed at [2001:db8::20]:22' },
    ]);
    expect(told(result('phone', '', { endpoint: '', role: '', ok: false }))).toEqual([]);
  });
});
