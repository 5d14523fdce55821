import { ConnectError } from '../errors.ts';
import { type Place, placeName, sshCommand } from './place.ts';

/*
 * Every way in which a connection fails, in one sentence each and with what to do next.
 * Both ssh back ends use these, so that a failure reads the same whichever was taken.
 */

export function unknownHost({ host }: Place, cause?: unknown): ConnectError {
  return new ConnectError(`The name ${host} has no address.`, {
    hint: `Check its spelling, or use the machine's IP address: "ip addr" there shows it, and so does the router's list of devices.`,
    cause,
  });
}

export function slowLookup({ host }: Place): ConnectError {
  return new ConnectError(`The name ${host} could not be looked up: no name server answered.`, {
    hint: `Check this computer's network, or use the machine's IP address.`,
  });
}

export function closedPort({ host, port }: Place, cause?: unknown): ConnectError {
  return new ConnectError(`${host} refused the connection on port ${port}: nothing listens there.`, {
    hint: 'Is ssh running on that machine, and on this port? There: "systemctl status ssh". Another port is written ssh://user@host:PORT.',
    cause,
  });
}

export function noAnswer({ host, port }: Place, cause?: unknown): ConnectError {
  return new ConnectError(`${host} did not answer on port ${port} in time.`, {
    hint: 'Is it switched on and in this network? A firewall that drops packets looks the same.',
    cause,
  });
}

export function noRoute({ host }: Place, cause?: unknown): ConnectError {
  return new ConnectError(
    `There is no way to ${host} from this computer: no route, or nobody has that address.`,
    {
      hint: `Check that both are in the same network: "ip route get ADDRESS" here.`,
      cause,
    },
  );
}

export function notSsh({ host, port }: Place, cause?: unknown): ConnectError {
  return new ConnectError(`What answers on ${host} port ${port} does not speak ssh, or hung up at once.`, {
    hint: 'Check the port. sshd also hangs up when too many log in at once, or when it has blocked this address (fail2ban, PerSourcePenalties).',
    cause,
  });
}

/** ssh2 lacks what the host or its account wants; the system's ssh may have it. */
export class BeyondSsh2 extends ConnectError {}

export function noCommonAlgorithm({ host }: Place, detail: string): ConnectError {
  return new BeyondSsh2(`No way of encryption is known to both this computer and ${host}: ${detail}.`, {
    hint: 'One of the two is very old or very strict. Try connect.backend: openssh, which knows more of them.',
  });
}

export function keysRefused(place: Place, tried: readonly string[], notes: readonly string[]): ConnectError {
  const what =
    tried.length > 0 ? `none of these keys: ${tried.join(', ')}` : 'no key, and none was found to offer';
  return new BeyondSsh2(
    `${placeName(place)} accepts ${what}.${notes.length > 0 ? ` ${notes.join(' ')}` : ''}`,
    {
      hint: `Check the account's name and the key ("IdentityFile" in ~/.ssh/config, or connect.identityFile), or install one: ${installCommand(place)}`,
    },
  );
}

export function tooManyKeys(place: Place): ConnectError {
  return new ConnectError(`${placeName(place)} hung up: more keys were offered than it lets anybody try.`, {
    hint: 'Name the right one: "IdentityFile" with "IdentitiesOnly yes" in ~/.ssh/config, or connect.identityFile.',
  });
}

export function passwordRefused(place: Place): ConnectError {
  return new ConnectError(`${placeName(place)} did not accept the password.`, {
    hint: `Check the account's name and its password: "${sshCommand(place)}".`,
  });
}

/** @param tried the keys that were offered first, for people */
export function passwordNeeded(
  place: Place,
  keys: { readonly tried: readonly string[]; readonly notes: readonly string[] },
  whyNot: string | undefined,
  cause?: unknown,
): ConnectError {
  const name = placeName(place);
  const message =
    keys.tried.length > 0
      ? `${name} accepts none of these keys: ${keys.tried.join(', ')}. It would take a password, but nobody is here to type it.`
      : `${name} asks for a password, and nobody is here to type it.`;
  return new ConnectError([message, ...keys.notes].join(' '), {
    hint: `${whyNot ? `${whyNot} ` : ''}Or install a key: ${installCommand(place)}`,
    cause,
  });
}

export function passwordExpired(place: Place): ConnectError {
  return new ConnectError(`The password of ${placeName(place)} has expired and must be changed first.`, {
    hint: `Log in once by hand: "${sshCommand(place)}".`,
  });
}

export function keyLocked(file: string, cause?: unknown): ConnectError {
  return new ConnectError(`The key ${file} needs its passphrase, and nobody is here to type it.`, {
    hint: `Load it into the agent first: ssh-add ${file}`,
    cause,
  });
}

export function passphraseRefused(file: string): ConnectError {
  return new ConnectError(`The passphrase of the key ${file} was not right.`, {
    hint: `Try it by itself: ssh-keygen -y -f ${file}`,
  });
}

export function missingKey(file: string, cause?: unknown): ConnectError {
  return new ConnectError(`The key file ${file} cannot be read.`, {
    hint: 'Check connect.identityFile (or --connect).',
    cause,
  });
}

export function lost(target: string, cause?: unknown): ConnectError {
  return new ConnectError(`The connection to ${target} was lost.`, {
    hint: 'Check the network and run the same command again: it finds out what was done and goes on from there.',
    cause,
  });
}

export function noStatus(target: string): ConnectError {
  return new ConnectError(`A command on ${target} ended without an exit status.`, {
    hint: 'Its session was cut off on the host (see "journalctl -u ssh" there). Run the same command again.',
  });
}

function installCommand({ user, host, port }: Place): string {
  return `ssh-copy-id ${port === 22 ? '' : `-p ${port} `}${user}@${host}`;
}
