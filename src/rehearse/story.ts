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
    const missed = tried.filter(({ ok }) => !ok);
    if (missed.length > 0) {
      const places = missed.map(place).join(', ');
      return { ok: false, text: `${WHO[vantage]} does NOT get "${role}" at ${places}` };
    }
    const [first, others] = firstAndOthers(tried);
    const more =
      others.length > 0 ? `, and over IPv6 at ${count(others.length, 'address', 'addresses')}` : '';
    return {
      ok: true,
      text: `${WHO[vantage]} gets "${role}": ${first.map((one) => `${place(one)} in ${one.ms} ms`).join(', ')}${more}`,
    };
  });
}

function closed(vantage: string, results: readonly Result[]): StoryLine[] {
  const tried = results.filter(({ expect }) => expect === 'blocked');
  const leaks = tried.filter(({ ok }) => !ok);
  if (tried.length === 0) return [];
  if (leaks.length > 0) {
    return [{ ok: false, text: `${WHO[vantage]} gets IN, and should not: ${unique(leaks).join(', ')}` }];
  }
  const what = results.length === tried.length ? 'gets nothing' : 'gets nothing else';
  const [first, others] = firstAndOthers(tried);
  const more =
    others.length > 0 ? `, and over IPv6 at ${count(unique(others).length, 'address', 'addresses')}` : '';
  return [{ ok: true, text: `${WHO[vantage]} ${what}: closed at ${unique(first).join(', ')}${more}` }];
}

/** IPv4 addresses are short and known; the long ones are counted. Where there is no other, they are named. */
function firstAndOthers(results: readonly Result[]): [first: readonly Result[], others: readonly Result[]] {
  const first = results.filter(({ address }) => !address.includes(':'));
  return first.length > 0 ? [first, results.filter((one) => !first.includes(one))] : [results, []];
}

/** `192.168.1.20:80`, `http://[2001:db8::20]/`. */
function place({ address, port, steps, expect }: Result): string {
  const host = address.includes(':') ? `[${address}]` : address;
  const web = expect === 'reachable' && steps.some(({ name }) => name === 'http');
  const isTls = steps.some(({ name }) => name === 'tls');
  const [scheme, usual] = isTls ? ['https', 443] : ['http', 80];
  return web ? `${scheme}://${host}${port === usual ? '' : `:${port}`}/` : `${host}:${port}`;
}

function unique(results: readonly Result[]): string[] {
  return [...new Set(results.map(place))];
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function byRole(results: readonly Result[]): [role: string, results: Result[]][] {
  const roles = new Map<string, Result[]>();
  for (const result of results) roles.set(result.role, [...(roles.get(result.role) ?? []), result]);
  return [...roles];
}
