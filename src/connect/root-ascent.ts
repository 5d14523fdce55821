import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shell } from '../quote.ts';
import type { Ask, Channel, Connection } from './connection.ts';
import { Gate } from './gate.ts';
import { patience } from './patience.ts';
import type { Markers } from './root-script.ts';

/** Something that happened on the way to root. */
export type Sign =
  /** The program runs as root. */
  | 'root'
  /** A password is wanted on stdin. */
  | 'prompt'
  /** The host has no sudo. */
  | 'no sudo'
  /** The command ended before the program started. */
  | 'ended'
  /** Nothing happened for too long. */
  | 'silence';

/** One channel on its way to root: signs are taken one by one, the channel is handed over at the top. */
export interface Ascent {
  /** The same questions; the time they take does not count as silence. */
  readonly ask: Ask;
  next(): Promise<Sign>;
  /** Sends a password, as a line. */
  answer(secret: string): void;
  /** What was said on stderr so far, without prompts. */
  said(): string;
  /** The channel; call it after the sign `root` only. */
  take(): Channel;
  close(): void;
}

/** Longest wait for a sign without a person being asked, milliseconds. A wrong password takes sudo 2 to 3 s. */
const SILENCE = 12_000;

/** How long to wait for the rest of stderr once the command has ended or the program has begun, milliseconds. */
const LAST_WORDS = 200;

/** Starts the wrapper script and watches both its outputs for the markers. */
export async function startAscent(
  connection: Connection,
  { script, markers, ask }: { script: Shell; markers: Markers; ask: Ask },
): Promise<Ascent> {
  const channel = await connection.exec(script);
  const signs = new Signs();
  const clock = patience(SILENCE, ask, () => signs.push('silence'));
  const stdout = new Gate(`${markers.root}\n`);
  const stderr = new Gate(`${markers.root}\n`);
  channel.stdout.pipe(stdout);
  channel.stderr.pipe(stderr);
  let lost: unknown;
  const ended = channel.exit.then(
    () => undefined,
    (error: unknown) => {
      lost = error;
    },
  );
  stdout.onBefore((text) => {
    if (text.includes(markers.noSudo)) signs.push('no sudo');
  });
  let prompts = 0;
  stderr.onBefore((text) => {
    const seen = text.split(markers.prompt).length - 1 + (SU_PROMPT.test(text) ? 1 : 0);
    if (seen > prompts) signs.push('prompt');
    prompts = Math.max(prompts, seen);
  });
  // A wrapper of the user's own may throw stderr away.
  const top = stdout.opened.then(() => Promise.race([stderr.opened, sleep(LAST_WORDS)]));
  void top.then(() => {
    stderr.openNow();
    signs.push('root');
  });
  // The last words on stderr may come after the status.
  const heard = once(stderr, 'finish');
  void ended.then(() => Promise.race([heard, sleep(LAST_WORDS)])).then(() => signs.push('ended'));

  return {
    ask: clock.ask,
    async next() {
      const sign = await signs.take();
      if (sign === 'ended' && lost !== undefined) throw lost;
      return sign;
    },
    answer: (secret) => {
      channel.stdin.write(`${secret}\n`);
    },
    said: () => stderr.before.replaceAll(markers.prompt, '').trim(),
    take() {
      clock.stop();
      return { stdin: channel.stdin, stdout, stderr, exit: channel.exit, close: () => channel.close() };
    },
    close() {
      clock.stop();
      channel.close();
    },
  };
}

/** su's own prompt, which cannot be chosen: the last thing on stderr, without a newline. */
const SU_PROMPT = /(^|\n)Password: ?$/;

/** A queue of signs with one reader. */
class Signs {
  readonly #queue: Sign[] = [];
  #reader: ((sign: Sign) => void) | undefined;

  push(sign: Sign): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader(sign);
    else this.#queue.push(sign);
  }

  take(): Promise<Sign> {
    const sign = this.#queue.shift();
    if (sign) return Promise.resolve(sign);
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }
}
