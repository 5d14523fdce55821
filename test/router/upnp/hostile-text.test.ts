import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { servicesIn } from '../../../src/router/upnp/description.ts';
import { search } from '../../../src/router/upnp/search.ts';
import { act } from '../../../src/router/upnp/soap.ts';
import { description, httpServer, SERVICE, soapDone } from '../support/igd.ts';
import { ssdpAnswer, ssdpServer } from '../support/ssdp.ts';
import { ELSEWHERE, GATEWAY } from '../support/udp.ts';

const CASES = 1000;
const GOOD = `http://${GATEWAY.address}:5000/description.xml`;
const LOCATION = new URL(GOOD);

type Spoil = (good: string) => string;
const part = fc.double({ min: 0, max: 0.999, noNaN: true });
const cut = part.map(
  (at): Spoil =>
    (good) =>
      good.slice(0, Math.floor(good.length * at)),
);
const noise = fc.string({ unit: 'binary', maxLength: 3000 }).map(
  (text): Spoil =>
    () =>
      text,
);
/** Something that does not belong there; `after`: not before that. */
const inserted = (after: string, texts: readonly string[]) =>
  fc.tuple(part, fc.constantFrom(...texts)).map(
    ([at, text]): Spoil =>
      (good) => {
        const start = good.indexOf(after) + after.length;
        const where = start + Math.floor((good.length - start) * at);
        return good.slice(0, where) + text + good.slice(where);
      },
  );
const replaced = (from: string, texts: readonly string[]) =>
  fc.constantFrom(...texts).map(
    (text): Spoil =>
      (good) =>
        good.replaceAll(from, text),
  );
const sample = (cases: fc.Arbitrary<Spoil>, seed: number): Spoil[] =>
  fc.sample(cases, { numRuns: CASES, seed });

/** Places that are not the gateway's, however they are written. */
const ELSEWHERES = [
  `http://${ELSEWHERE}`,
  `http://${GATEWAY.address}@${ELSEWHERE}`,
  `http://user:word@${GATEWAY.address}`,
  `http://${GATEWAY.address}.nip.io`,
  'http://localhost',
  'http://[::1]',
  'http://0',
  `https://${GATEWAY.address}`,
  `ftp://${GATEWAY.address}`,
  `//${ELSEWHERE}`,
  `\\\\${ELSEWHERE}`,
  `http:/\t/${ELSEWHERE}`,
  'javascript:',
  '',
];
const PORTS = ['0', '65536', '-1', '5000x', '99999999999999999999', ' 5000', '5000@127.0.0.4'];
const CONTROLS = [
  '\0',
  '\x01',
  '\x1b[31m',
  '<',
  '&',
  '&amp',
  '&nbsp;',
  '</device>',
  '<!DOCTYPE x>',
  '<?',
  ']]>',
];

describe(`${CASES} malformed answers by UPnP`, () => {
  const open: { close(): void }[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  it.each([1, 2])('to a search lead nowhere (%i)', async (seed) => {
    const base = `http://${GATEWAY.address}`;
    const cases = fc.oneof(
      noise,
      replaced(base, ELSEWHERES),
      replaced(
        ':5000',
        PORTS.map((port) => `:${port}`),
      ),
      replaced('HTTP/1.1 200 OK', [
        'HTTP/1.1 404 No',
        'NOTIFY * HTTP/1.1',
        'M-SEARCH * HTTP/1.1',
        'HTTP/9',
        '',
      ]),
      replaced('LOCATION', ['LOCATIONS', 'XLOCATION', 'AL', '']),
      replaced('/description.xml', [`/${'x'.repeat(600)}`, '/a b', '/ü', '/\0', '/\x7f']),
      fc.constant<Spoil>((good) => good.padEnd(5000, 'x')),
    );
    const lie = ssdpAnswer(`${GOOD}?lie`).toString();
    const bad = sample(cases, seed).map((spoil) => Buffer.from(spoil(lie), 'latin1'));
    const rounds = Array.from({ length: 20 }, async (_, round) => {
      const answers = [...bad.slice(round * 50, round * 50 + 50), ssdpAnswer(GOOD)];
      const server = await ssdpServer(answers);
      open.push(server);
      return (await search(GATEWAY, 3000, server.port)).map(({ href }) => href);
    });
    for (const found of await Promise.all(rounds)) expect(found).toEqual([GOOD]);
  });

  it.each([1, 2])('to describe a router describe none, or that one (%i)', (seed) => {
    const url = '/control';
    const cases = fc.oneof(
      noise,
      cut,
      inserted('<?', CONTROLS),
      replaced(
        url,
        ELSEWHERES.map((place) => `${place}/control`),
      ),
      replaced(url, ['', ' ', '/a b', `/${'x'.repeat(600)}`, 'http://', 'http:////', '://']),
      replaced(SERVICE, ['', 'constructor', '__proto__', 'urn:schemas-upnp-org:service:WANIPConnection:9']),
      replaced('<root', ['<!DOCTYPE r [<!ENTITY a "b">]><root', '<root a="1" a="2"', '<root a=1', '<root <']),
      replaced('<device>', [`<URLBase>http://${ELSEWHERE}/</URLBase><device>`, '<device>'.repeat(30)]),
    );
    for (const spoil of sample(cases, seed)) {
      for (const { control, type } of servicesIn(spoil(description()), LOCATION, GATEWAY.address)) {
        expect(control.hostname).toBe(GATEWAY.address);
        expect(control.protocol).toBe('http:');
        expect(type).toBe(SERVICE);
      }
    }
  });

  it.each([1, 2])('to an action say nothing (%i)', async (seed) => {
    const action = 'GetSpecificPortMappingEntry';
    const good = soapDone(action, { NewInternalPort: 80, NewInternalClient: GATEWAY.hostAddress });
    const name = `${action}Response`;
    const cases = fc.oneof(
      noise,
      cut,
      inserted('<NewInternalPort', ['<', '&', '</u:x>', '<!DOCTYPE x>', ']]></a>', '<a>', '&lol;']),
      replaced(name, ['AddPortMappingResponse', action, 'constructor', '__proto__', 'Response', `${name}2`]),
      replaced('<s:Body>', ['<!DOCTYPE r [<!ENTITY a "b">]><s:Body>', '<s:Body>'.repeat(40), '<s:Body x x>']),
      replaced(name, ['UPnPError']),
    );
    const bad = sample(cases, seed).map((spoil) => spoil(good));
    const server = await httpServer((answer, { url }) => void answer.end(bad[Number(url.slice(1))]));
    open.push(server);
    const ask = (at: number) => {
      const control = new URL(`http://${GATEWAY.address}:${server.port}/${at}`);
      return act({ type: SERVICE, control, version: 1 }, GATEWAY.hostAddress, action, {}, 5000);
    };
    for (let at = 0; at < CASES; at += 20) {
      const said = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(at + n)));
      for (const [n, answer] of said.entries())
        expect({ text: bad[at + n], answer }).toEqual({ text: bad[at + n], answer: { is: 'silent' } });
    }
    expect(server.requests).toHaveLength(CASES);
  });
});
