import { ConnectError } from '../errors.ts';

/** Who wants to become root, and where. */
export interface Climber {
  readonly user: string;
  /** For people, such as `pi@attic:22`. */
  readonly target: string;
}

export function notRoot({ user, target }: Climber): ConnectError {
  return new ConnectError(`${user} is not root on ${target}, and connect.sudo is "none".`, {
    hint: 'Connect as root, or take "sudo: none" out of the host file.',
  });
}

export function noSudo(climber: Climber): ConnectError {
  return new ConnectError(`${climber.target} has no sudo, and ${climber.user} is not root.`, {
    hint: `On that machine, as root ("su -"), type:\n${giveSudo(climber.user)}\nThen run the same command again. Or connect as root.`,
  });
}

export function notInSudoers(climber: Climber, output: string): ConnectError {
  return new ConnectError(`${climber.user} may not use sudo on ${climber.target}.`, {
    hint: `On that machine, as root ("su -"), type:\n${giveSudo(climber.user)}\nThen run the same command again. Or connect as root.`,
    output,
  });
}

export function sudoPasswordWrong({ user, target }: Climber): ConnectError {
  return new ConnectError(`sudo on ${target} did not accept the password of ${user}.`, {
    hint: `It is ${user}'s own password there, not root's. Try it on that machine: "sudo -v".`,
  });
}

export function passwordNeeded(climber: Climber, whyNot: string | undefined, cause: unknown): ConnectError {
  const { user, target } = climber;
  return new ConnectError(
    `sudo on ${target} asks for the password of ${user}, and nobody is here to type it.`,
    {
      hint: `${whyNot ? `${whyNot} ` : ''}Or let sudo ask for none; on that machine, as root:\n  echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/hostwright\n  chmod 440 /etc/sudoers.d/hostwright`,
      cause,
    },
  );
}

export function suPasswordWrong({ user, target }: Climber): ConnectError {
  return new ConnectError(`su on ${target} did not accept root's password.`, {
    hint: `Root may have none there. Whoever is root there can give this account sudo by typing:\n${giveSudo(user)}\nOr connect as root by key.`,
  });
}

export function sudoWantsTerminal({ user, target }: Climber): ConnectError {
  return new ConnectError(
    `sudo on ${target} insists on a terminal ("requiretty"), which hostwright does not have.`,
    {
      hint: `On that machine, as root:\n  echo 'Defaults:${user} !requiretty' > /etc/sudoers.d/hostwright-tty\n  chmod 440 /etc/sudoers.d/hostwright-tty`,
    },
  );
}

/** sudo, su or the user's own wrapper ended or hung without an answer that we know. */
export function noRootOtherwise({ user, target }: Climber, how: string, output: string): ConnectError {
  return new ConnectError(`${user} did not become root on ${target} by ${how}.`, {
    hint: output ? 'What it said is below.' : `It said nothing. Try it on that machine: "${how} id".`,
    output,
  });
}

function giveSudo(user: string): string {
  return `  apt-get install -y sudo\n  usermod -aG sudo ${user}`;
}
