import { request } from 'node:https';
import { familyOf } from '../../facts/address.ts';
import { DdnsFailure } from './failure.ts';

/** What DuckDNS is asked for. */
export interface DuckUpdate {
  readonly url: string;
  readonly token: string;
  /** `attic` or `attic.duckdns.org`. */
  readonly names: readonly string[];
  /** Empty: where the question comes from, as DuckDNS sees it. Absent: as it is. */
  readonly ipv4?: string;
  readonly ipv6?: string;
}

const PATIENCE = 20_000;
const MOST_BYTES = 4_096;

/**
 * Tells DuckDNS new addresses, and returns those that it has now, as far as it says.
 * @throws {DdnsFailure} in plain words; the token is in none of them
 */
export async function updateDuckDns(update: DuckUpdate): Promise<readonly string[]> {
  const { ipv4, ipv6 } = update;
  // With an IPv6 address given it does not look where the question comes from, so those are two.
  const seen = ipv4 === '' ? await ask(update, {}) : [];
  const four = ipv4 || seen.find((address) => familyOf(address) === 4);
  if (ipv4 || ipv6 !== undefined)
    await ask(update, { ...(ipv4 ? { ip: ipv4 } : {}), ...(ipv6 === undefined ? {} : { ipv6 }) });
  return [four, ipv6].filter((address) => address !== undefined);
}

async function ask(
  { url, token, names }: DuckUpdate,
  given: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const place = new URL(url);
  const domains = names.map((name) => name.replace(/\.duckdns\.org$/, '')).join(',');
  for (const [key, value] of Object.entries({ domains, token, ip: '', ...given, verbose: 'true' }))
    place.searchParams.set(key, value);
  const { status, body } = await get(place);
  const [word = '', ...lines] = body.split('\n').map((line) => line.trim());
  if (status === 200 && word === 'OK')
    return lines.slice(0, 2).filter((line) => familyOf(line) !== undefined && !line.includes('%'));
  if (status === 200 && word === 'KO')
    throw new DdnsFailure(
      `DuckDNS does not take the change of ${names.join(', ')}. Check on its page that the names are yours, and the token: then put it into the vault and apply again.`,
      'KO',
    );
  throw new DdnsFailure(
    'DuckDNS answers something else than it should. It is tried again by itself; its page may say more.',
    `HTTP status ${status}`,
  );
}

/** By IPv4, so that this is the address that is seen. */
function get(place: URL): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (detail: string): void => {
      clearTimeout(timer);
      reject(
        new DdnsFailure(
          `${place.hostname} can’t be reached. It is tried again by itself; if other pages can’t be reached either, check the host’s way to the internet.`,
          detail,
        ),
      );
      asked.destroy();
    };
    const asked = request(place, { family: 4, headers: { 'user-agent': 'hostwright' } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MOST_BYTES) fail('its answer has no end');
      });
      answer.on('error', (error) => fail(error.message));
      answer.on('end', () => {
        clearTimeout(timer);
        resolve({ status: answer.statusCode ?? 0, body });
      });
    });
    // For all of it: a server that sends a byte now and then would never be idle.
    const timer = setTimeout(() => fail(`no answer within ${PATIENCE / 1000} s`), PATIENCE);
    asked.on('error', (error) => fail(error.message));
    asked.end();
  });
}
