import type { HostSession } from '../apply/session.ts';
import type { Ask } from '../connect/connection.ts';
import type { Host } from '../host/host.ts';
import type { SecretStore } from '../secrets/store.ts';
import { createView } from '../ui/views/create-view.ts';
import type { View } from '../ui/views/view.ts';
import type { Context } from './context.ts';
import type { EarlyConnection } from './early-connection.ts';
import { describeOwner, originOf } from './owner.ts';

/** One host of a command's: its host file, how to reach it, and where to tell about it. */
export interface HostRun {
  readonly context: Context;
  readonly host: Host;
  readonly view: View;
  /** Questions that wait until the view has left the screen alone. */
  readonly ask: Ask;
  /** Connects and reads the facts. The session is closed with the run. */
  open(options: OpenOptions): Promise<HostSession>;
  /** Prints text for people after what the view has shown; not with `--quiet`. */
  say(text: string): Promise<void>;
  /** The same, also with `--quiet`. */
  warn(text: string): Promise<void>;
  /** Closes what was opened. */
  end(): Promise<void>;
}

/** What a command says when it opens a session; the rest comes from the global options. */
export interface OpenOptions {
  readonly attach: boolean;
  readonly only?: string;
  readonly takeOver?: boolean;
  /** The host as it is to be planned for, where that is not what its file says. */
  readonly as?: Host;
  /** Read every fact, also those that no role asks for. */
  readonly everyFact?: true;
}

/** How {@link createHostRun} shows what happens. */
export interface HostRunLook {
  /** With `--json`, print the events too: they are the command's output. Otherwise it prints one object itself. */
  readonly events?: boolean;
  /** Put before each line, when several hosts talk at once. */
  readonly prefix?: string;
  /** A connection to this host that is being made already. */
  readonly early?: EarlyConnection;
  /** Instead of the vault beside the host file. */
  readonly secrets?: SecretStore;
}

/** Makes a run for one host. */
export async function createHostRun(
  context: Context,
  host: Host,
  { events = false, prefix, early, secrets }: HostRunLook = {},
): Promise<HostRun> {
  const { globals, stream, paint, interactive, signal, json } = context;
  const { quiet, verbose, adopt, onConflict, closeUnlisted, acceptHostKey } = globals;
  const view = await createView({
    ...{ stream, paint, verbose, quiet, signal, interactive, json: globals.json && events, writeJson: json },
    ...(prefix === undefined ? {} : { prefix }),
  });
  const ask = askBesides(context.ask, view);
  const sessions: HostSession[] = [];
  const origin = originOf(host.directory, host.file);
  let waiting = early;
  return {
    context,
    host,
    view,
    ask,
    open: async ({ attach, only, takeOver = false, as = host, everyFact }) => {
      const [{ openSession }, { factsFor }] = await Promise.all([
        import('../apply/open-session.ts'),
        import('../facts/read-facts.ts'),
      ]);
      const tell = (text: string): void => view.listener({ event: 'note', text });
      const store = secrets ?? (await vaultOf(host, context, tell));
      const session = await openSession(as, {
        ...{ ask, listener: view.listener, adopt, onConflict, closeUnlisted, attach, takeOver, signal },
        ...{ owner: describeOwner(origin), origin, wanted: everyFact ? 'all' : factsFor(host.roles) },
        secrets: store,
        ...(only === undefined ? {} : { only }),
        ...(acceptHostKey === undefined ? {} : { acceptHostKey }),
        ...(waiting ? { connection: waiting.take(ask) } : {}),
      });
      waiting = undefined;
      sessions.push(session);
      return session;
    },
    say: async (text) => {
      await view.pause();
      context.say(text);
    },
    warn: async (text) => {
      await view.pause();
      context.warn(text);
    },
    end: async () => {
      await view.end();
      waiting?.drop();
      await Promise.allSettled(sessions.map((session) => session.close()));
    },
  };
}

async function vaultOf(host: Host, { env }: Context, tell: (text: string) => void): Promise<SecretStore> {
  const [{ VaultFile }, { vaultStore }] = await Promise.all([
    import('../secrets/vault-file.ts'),
    import('../secrets/vault-store.ts'),
  ]);
  return vaultStore(new VaultFile({ directory: host.directory, env, tell }), { host: host.name });
}

function askBesides(ask: Ask, view: View): Ask {
  const after =
    <Answer>(question: (text: string) => Promise<Answer>) =>
    async (text: string): Promise<Answer> => {
      await view.pause();
      return question(text);
    };
  return { interactive: ask.interactive, secret: after(ask.secret), confirm: after(ask.confirm) };
}
