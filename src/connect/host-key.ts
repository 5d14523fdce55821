import { ConnectError } from '../errors.ts';
import { quote } from '../quote.ts';
import { allowedAlgorithms, type SSH2_ALGORITHMS } from './backend.ts';
import { type HostKey, judge, type KnownKey, knownHostsName, readHostKey, remember } from './known-hosts.ts';
import { sshCommand } from './place.ts';
import type { SshRoute } from './route.ts';

/** The name under which the host's key is kept: its alias if it has one, else its name and port. */
export function keyName({ settings, place }: SshRoute): string {
  return settings.hostKeyAlias ?? knownHostsName(settings.hostname, place.port);
}

/**
 * Decides about the key that the host showed: a known one passes, an unknown one is asked about (or compared
 * with `acceptHostKey`) and then remembered, a changed or revoked one is refused.
 * @returns the key, which a further connection to this host may expect
 * @throws {ConnectError} unless the key is to be trusted
 */
export async function verifyHostKey(route: SshRoute, blob: Buffer): Promise<HostKey> {
  const shown = readHostKey(blob);
  const judgement = judge(shown, route.knownKeys);
  if (judgement.verdict === 'known' || judge(shown, route.keysOnPort22).verdict === 'known') return shown;
  if (judgement.verdict === 'changed') throw changedKey(route, shown, judgement.line);
  if (judgement.verdict === 'revoked') throw revokedKey(route, shown, judgement.line);
  await confirmUnknownKey(route, shown);
  const [file] = route.settings.knownHostsFiles;
  if (file !== undefined && file !== '/dev/null')
    await remember(file, keyName(route), shown, route.settings.hashKnownHosts);
  return shown;
}

/** The route for further connections once a key has been trusted: it is known now, wherever it is kept. */
export function knowing(route: SshRoute, { type, key }: HostKey): SshRoute {
  if (route.knownKeys.some((known) => known.type === type && known.key === key)) return route;
  const file = route.settings.knownHostsFiles[0] ?? '';
  return { ...route, knownKeys: [...route.knownKeys, { file, line: 0, type, key }] };
}

/** Asks the person about a key that nobody has seen before; resolves when it is to be trusted. */
export async function confirmUnknownKey(
  route: SshRoute,
  { type, fingerprint }: Pick<HostKey, 'type' | 'fingerprint'>,
): Promise<void> {
  const { place, settings, acceptHostKey, ask } = route;
  if (acceptHostKey !== undefined) {
    if (acceptHostKey === fingerprint) return;
    throw new ConnectError(`The host key of ${place.host} is ${fingerprint}, not the one you named.`, {
      hint: `You named ${acceptHostKey}. Find out which is right on the machine itself: ${SHOW_KEYS}`,
    });
  }
  if (settings.unknownHostKey === 'accept') return;
  const unknown = `The host key of ${place.host} is not known yet: ${type} ${fingerprint}.`;
  if (settings.unknownHostKey === 'ask' && ask.interactive) {
    const agreed = await ask.confirm(`${unknown} Is this the machine you mean?`);
    if (agreed) return;
    throw new ConnectError(`The host key of ${place.host} was not accepted.`, {
      hint: `Compare it on the machine itself: ${SHOW_KEYS}`,
    });
  }
  throw new ConnectError(unknown, {
    hint: `Compare it on the machine itself (${SHOW_KEYS}), then log in once with "${sshCommand(place)}", or add --accept-host-key ${fingerprint}`,
  });
}

const SHOW_KEYS = '"ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"';

/** The host shows another key than the one on record. */
export function changedKey(
  route: SshRoute,
  shown: Pick<HostKey, 'type' | 'fingerprint'>,
  line: KnownKey,
): ConnectError {
  return new ConnectError(
    `The host key of ${route.place.host} has changed: it shows ${shown.type} ${shown.fingerprint}, and ${line.file}:${line.line} holds another.`,
    { hint: forgetHint(route, line.file) },
  );
}

/** The host has none of the keys on record, not even one of their types. */
export function lostKey(route: SshRoute, line: KnownKey): ConnectError {
  return new ConnectError(
    `The host key of ${route.place.host} has changed: it no longer has the ${line.type} key of ${line.file}:${line.line}.`,
    { hint: forgetHint(route, line.file) },
  );
}

/** known_hosts says that this key must not be trusted any more. */
export function revokedKey(
  route: SshRoute,
  shown: Pick<HostKey, 'fingerprint'>,
  line: KnownKey,
): ConnectError {
  return new ConnectError(
    `The host key of ${route.place.host}, ${shown.fingerprint}, is marked as revoked in ${line.file}:${line.line}.`,
    { hint: 'Give the machine a new host key, or find out who answers in its place.' },
  );
}

function forgetHint(route: SshRoute, file: string): string {
  return `If the machine was installed anew, forget the old key: ssh-keygen -f ${quote(file)} -R ${quote(keyName(route))}\nIf not, somebody may be listening in between: do not go on.`;
}

type HostKeyAlgorithm = (typeof SSH2_ALGORITHMS)['serverHostKey'][number];

/**
 * The host key algorithms to offer: those of the keys on record, so that a host cannot slip past a known key
 * by showing one of another type; all when nothing is on record.
 */
export function hostKeyAlgorithms({
  settings,
  knownKeys,
}: Pick<SshRoute, 'settings' | 'knownKeys'>): HostKeyAlgorithm[] {
  const all = allowedAlgorithms(settings, 'serverHostKey');
  const types = new Set(knownKeys.filter(({ marker }) => marker === undefined).map(({ type }) => type));
  const known = all.filter((name) => types.has(name.startsWith('rsa-sha2-') ? 'ssh-rsa' : name));
  return known.length > 0 ? known : all;
}
