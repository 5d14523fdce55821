import type { ConnectError } from '../errors.ts';
import {
  closedPort,
  keysRefused,
  noAnswer,
  noCommonAlgorithm,
  noRoute,
  notSsh,
  passphraseRefused,
  passwordRefused,
  slowLookup,
  tooManyKeys,
  unknownHost,
} from './failures.ts';
import { changedKey, lostKey, revokedKey } from './host-key.ts';
import { offeredKeys } from './openssh-answers.ts';
import type { SshRoute } from './route.ts';

/**
 * Says in our words what the system's ssh wrote to stderr before it gave up. Pure.
 * @param passwords how many passwords it was given
 */
export function explainOpenssh(stderr: string, passwords: number, route: SshRoute): ConnectError {
  const { place } = route;
  const said = stderr
    .split('\n')
    .filter((line) => !line.startsWith('debug1:'))
    .join('\n');
  const cause = said.trim().slice(-2000);
  const hostKey = explainHostKey(said, route);
  if (hostKey) return hostKey;
  if (/Could not resolve hostname .*Temporary failure/.test(said)) return slowLookup(place);
  if (/Could not resolve hostname/.test(said)) return unknownHost(place, cause);
  if (/Connection refused/.test(said)) return closedPort(place, cause);
  if (/No route to host|unreachable/i.test(said)) return noRoute(place, cause);
  if (/timed out/i.test(said)) return noAnswer(place, cause);
  const negotiation = /no matching [^.]+/.exec(said);
  if (negotiation) return noCommonAlgorithm(place, negotiation[0]);
  if (/Too many authentication failures/.test(said)) return tooManyKeys(place);
  if (/Permission denied \(|Permission denied, please/.test(said)) {
    const key = /^Load key "([^"]+)": incorrect passphrase/m.exec(said)?.[1];
    if (key) return passphraseRefused(key);
    if (passwords > 0) return passwordRefused(place);
    return keysRefused(place, offered(stderr, route), ignored(said));
  }
  return notSsh(place, cause);
}

function explainHostKey(said: string, route: SshRoute): ConnectError | undefined {
  const fingerprint = /SHA256:[A-Za-z0-9+/]+/.exec(said)?.[0] ?? 'another key';
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(said)) {
    const place = /Offending (\S+) key in (.+):(\d+)/.exec(said);
    const type = place?.[1] ?? 'key';
    const line = { file: place?.[2] ?? 'known_hosts', line: Number(place?.[3] ?? 0), type, key: '' };
    return changedKey(route, { type, fingerprint }, line);
  }
  if (/REVOKED HOST KEY/i.test(said)) {
    const line = route.knownKeys.find(({ marker }) => marker === 'revoked');
    if (line) return revokedKey(route, { fingerprint }, line);
  }
  const [onRecord] = route.knownKeys.filter(({ marker }) => marker === undefined);
  if (/no matching host key/.test(said) && onRecord) return lostKey(route, onRecord);
  return undefined;
}

/** The keys that `ssh -v` says it offered. */
function offered(stderr: string, route: SshRoute): readonly string[] {
  const keys = [...stderr.matchAll(/^debug1: Offering public key: (.+?) [A-Z0-9-]+ SHA256:/gm)];
  const names = keys.flatMap(([, name]) => (name === undefined ? [] : [name]));
  return names.length > 0 ? names : offeredKeys(route);
}

function ignored(said: string): readonly string[] {
  const match = /Permissions \d+ for '([^']+)' are too open/.exec(said);
  return match?.[1]
    ? [`${match[1]} is readable by others and was ignored, as ssh does (chmod 600 ${match[1]}).`]
    : [];
}
