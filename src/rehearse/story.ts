import type { Report, Result } from '../check/report.ts';

/** One sentence of the story. */
export interface StoryLine {
  readonly ok: boolean;
  readonly text: string;
}

/** Who the machines of the lab are, in words. */
const WHO: Readonly<Record<string, string>> = {
  phone: 'A phone in the home network',
  internet: 'A machine out on the internet',
  here: 'Your laptop in the home network',
};

/**
 * What the check found, told for somebody who has not read about vantages: who gets what, and who gets nothing.
 * With addresses and times, so that it can be tried by hand. Pure.
 */
export function story({ results }: Report): StoryLine[] {
  return ['here', 'phone', 'internet'].flatMap((vantage) => {
    const mine = results.filter((result) => result.vantage === vantage && result.endpoint !== '');
    return [...open(vantage, mine), ...closed(vantage, mine)];
  });
}

function open(vantage: string, results: readonly Result[]): StoryLine[] {
  return byRole(results.filter(({ expect }) => expect === 'reachable')).map(([role, tried]) => {
    const good = tried.filter(({ ok }) => ok);
    const ok = good.length === tried.length;
    const places = (ok ? good : tried.filter((one) => !one.ok)).map((one) =>
      ok ? `${place(one)} (${one.ms} ms)` : place(one),
    );
    return { ok, text: `${WHO[vantage]} ${ok ? 'gets' : 'does NOT get'} "${role}": ${places.join(', ')}` };
  });
}

function closed(vantage: string, results: readonly Result[]): StoryLine[] {
  const tried = results.filter(({ expect }) => expect === 'blocked');
  const leaks = tried.filter(({ ok }) => !ok);
  if (tried.length === 0) return [];
  if (leaks.length > 0) {
    return [{ ok: false, text: `${WHO[vantage]} gets IN, and should not: ${unique(leaks).join(', ')}` }];
  }
  const everything = results.length === tried.length;
  const what = everything ? 'gets nothing' : 'gets nothing else';
  return [{ ok: true, text: `${WHO[vantage]} ${what}: closed at ${unique(tried).join(', ')}` }];
}

/** `192.168.1.20:80`, `http://[2001:db8::20]/`. */
function place({ address, port, steps, expect }: Result): string {
  const host = address.includes(':') ? `[${address}]` : address;
  const web = expect === 'reachable' && steps.some(({ name }) => name === 'http');
  return web ? `http://${host}${port === 80 ? '' : `:${port}`}/` : `${host}:${port}`;
}

function unique(results: readonly Result[]): string[] {
  return [...new Set(results.map(place))];
}

function byRole(results: readonly Result[]): [role: string, results: Result[]][] {
  const roles = new Map<string, Result[]>();
  for (const result of results) roles.set(result.role, [...(roles.get(result.role) ?? []), result]);
  return [...roles];
}
