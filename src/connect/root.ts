import { UserError } from '../errors.ts';
import type { Shell } from '../quote.ts';
import type { Ask, Channel, Connection, Sudo } from './connection.ts';
import { Gate } from './gate.ts';
import { onceMore, rootPasswordQuestion, sudoPasswordQuestion } from './questions.ts';
import { type Ascent, startAscent } from './root-ascent.ts';
import {
  type Climber,
  noRootOtherwise,
  noSudo,
  notInSudoers,
  notRoot,
  passwordNeeded,
  sudoPasswordWrong,
  sudoWantsTerminal,
  suPasswordWrong,
} from './root-failures.ts';
import { announced, newMarkers, sudoScript, suScript } from './root-script.ts';
import { type RootSecrets, rootSecrets } from './root-secrets.ts';

/** How to become root, and who is asked for a password. */
export interface RootOptions {
  readonly sudo: Sudo;
  readonly ask: Ask;
  /** With `sudo: none` and another user than root: run as that user (false), or refuse (true, the default). */
  readonly rootOnly?: boolean;
  /** Passwords of earlier channels of this run; new ones are added. */
  readonly secrets?: RootSecrets;
}

/** Passwords that a person may get wrong before it counts as refused. */
const TRIES = 3;

/**
 * Starts a program of POSIX sh as root on one channel, and resolves once stdin is surely the program's own: it was
 * seen to run as root. For root itself nothing is awaited. The program runs in `/` with a fixed PATH and LC_ALL=C;
 * what a login shell prints before it is dropped.
 * @throws {ConnectError} when the host does not let us become root, with what to do about it
 */
export async function openAsRoot(
  connection: Connection,
  program: Shell,
  options: RootOptions,
): Promise<Channel> {
  const { sudo, ask, rootOnly = true, secrets = rootSecrets() } = options;
  const climber: Climber = { user: connection.user, target: connection.target };
  if (connection.user === 'root' || (sudo === 'none' && !rootOnly)) return direct(connection, program);
  if (sudo === 'none') throw notRoot(climber);
  if (secrets.root === undefined) {
    const channel = await bySudo(connection, program, { climber, sudo, ask, secrets });
    if (channel) return channel;
  }
  return bySu(connection, program, { climber, ask, secrets });
}

async function direct(connection: Connection, program: Shell): Promise<Channel> {
  const markers = newMarkers();
  const channel = await connection.exec(announced(program, markers));
  const stdout = new Gate(`${markers.root}\n`);
  channel.stdout.pipe(stdout);
  return {
    stdin: channel.stdin,
    stdout,
    stderr: channel.stderr,
    exit: channel.exit,
    close: () => channel.close(),
  };
}

interface Way {
  readonly climber: Climber;
  readonly ask: Ask;
  readonly secrets: RootSecrets;
}

/** By sudo. Undefined when sudo is no way up but a person is there, who may know root's password. */
async function bySudo(
  connection: Connection,
  program: Shell,
  way: Way & { readonly sudo: Exclude<Sudo, 'none'> },
): Promise<Channel | undefined> {
  const { climber, sudo, ask, secrets } = way;
  const markers = newMarkers();
  const ascent = await startAscent(connection, { script: sudoScript(program, markers, sudo), markers, ask });
  try {
    for (let prompts = 0; ; ) {
      const sign = await ascent.next();
      if (sign === 'root') return ascent.take();
      if (sign === 'no sudo' || (sign === 'ended' && NOT_ALLOWED.test(ascent.said()))) {
        ascent.close();
        if (ask.interactive) return undefined;
        throw sign === 'no sudo' ? noSudo(climber) : notInSudoers(climber, ascent.said());
      }
      if (sign !== 'prompt') throw explainSudo(ascent, way, prompts);
      prompts += 1;
      if (prompts > (ask.interactive ? TRIES : 1)) throw sudoPasswordWrong(climber);
      const known = prompts === 1 ? secrets.sudo : undefined;
      const question = sudoPasswordQuestion(climber.user, climber.target);
      secrets.sudo = known ?? (await askFor(ascent.ask, prompts > 1 ? onceMore(question) : question, way));
      ascent.answer(secrets.sudo);
    }
  } catch (error) {
    ascent.close();
    secrets.sudo = undefined;
    throw error;
  }
}

/** By su and root's password: each try is a channel of its own, for su asks only once. */
async function bySu(connection: Connection, program: Shell, way: Way): Promise<Channel> {
  const { climber, ask, secrets } = way;
  let question = rootPasswordQuestion(climber.target);
  for (let tries = ask.interactive ? TRIES : 1; tries > 0; tries -= 1) {
    const markers = newMarkers();
    const ascent = await startAscent(connection, { script: suScript(program, markers), markers, ask });
    try {
      const sign = await ascent.next();
      if (sign === 'root') return ascent.take();
      if (sign !== 'prompt') throw noRootOtherwise(climber, 'su', ascent.said());
      const secret = secrets.root ?? (await askFor(ascent.ask, question, way));
      ascent.answer(secret);
      if ((await ascent.next()) === 'root') {
        secrets.root = secret;
        return ascent.take();
      }
      secrets.root = undefined;
      question = onceMore(rootPasswordQuestion(climber.target));
      ascent.close();
    } catch (error) {
      ascent.close();
      throw error;
    }
  }
  throw suPasswordWrong(climber);
}

async function askFor(ask: Ask, question: string, { climber }: Way): Promise<string> {
  try {
    return await ask.secret(question);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw passwordNeeded(climber, error.problems[0]?.hint ?? error.problems[0]?.message, error);
  }
}

function explainSudo(
  ascent: Ascent,
  { climber, sudo }: Way & { readonly sudo: Sudo },
  prompts: number,
): Error {
  const said = ascent.said();
  if (/must have a tty|terminal is required to run/i.test(said)) return sudoWantsTerminal(climber);
  if (prompts > 0 && /incorrect password|try again|no password was provided/i.test(said))
    return sudoPasswordWrong(climber);
  return noRootOtherwise(climber, typeof sudo === 'object' ? sudo.command : 'sudo', said);
}

/** sudo's words for an account without rights; also for one that has rights, but not to this. */
const NOT_ALLOWED = /not in the sudoers|is not allowed to|may not run sudo/i;
