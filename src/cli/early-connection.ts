import type { Ask, Connection, Target } from '../connect/connection.ts';
import type { Context } from './context.ts';

/** A connection that was begun while the host file was still being read. */
export interface EarlyConnection {
  /** Hands over who answers its questions: until then they wait, for a host file with mistakes deserves none. */
  take(ask: Ask): Promise<Connection>;
  /** Gives it up; whatever becomes of it is closed. */
  drop(): void;
}

/** Begins to connect: the handshake runs while roles, folders and templates are read. */
export function connectEarly(
  { ask, signal, globals }: Pick<Context, 'ask' | 'signal' | 'globals'>,
  target: Target,
): EarlyConnection {
  const dropped = new AbortController();
  let answer: (ask: Ask) => void = () => undefined;
  const answering = new Promise<Ask>((resolve, reject) => {
    answer = resolve;
    dropped.signal.addEventListener('abort', () => reject(new Error('The host file cannot be used.')));
  });
  // Nobody may ever ask.
  answering.catch(() => undefined);
  const late: Ask = {
    interactive: ask.interactive,
    secret: async (question) => (await answering).secret(question),
    confirm: async (question) => (await answering).confirm(question),
  };
  const { acceptHostKey } = globals;
  const connection = import('../connect/connect.ts').then(({ connect }) =>
    connect(target, {
      ask: late,
      signal: AbortSignal.any([signal, dropped.signal]),
      ...(acceptHostKey === undefined ? {} : { acceptHostKey }),
    }),
  );
  // A failure is told when the connection is taken, not before.
  connection.catch(() => undefined);
  return {
    take: (asked) => {
      answer(asked);
      return connection;
    },
    drop: () => {
      dropped.abort();
      void connection.then((made) => made.close()).catch(() => undefined);
    },
  };
}
