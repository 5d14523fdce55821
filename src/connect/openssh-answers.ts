import { UserError } from '../errors.ts';
import type { Answerer } from './askpass.ts';
import type { Ask } from './connection.ts';
import { keyLocked, passwordNeeded } from './failures.ts';
import { changedKey, confirmUnknownKey } from './host-key.ts';
import { prepareFile } from './known-hosts.ts';
import { onceMore, passphraseQuestion, sshPasswordQuestion } from './questions.ts';
import type { SshRoute } from './route.ts';

/** Answers that opened a connection, by ssh's prompt, kept in memory so that `again()` need not ask. */
export type GivenAnswers = Map<string, string>;

/** What came of answering: why an answer was refused, and whether a password was asked for. */
export interface Answering {
  readonly answerer: Answerer;
  /** The first definite reason not to go on. */
  failure: Error | undefined;
  /** Passwords that were given. */
  passwords: number;
}

/** Answers the questions of the system's ssh as the other back end would ask them. */
export function answering(route: SshRoute, ask: Ask, given: GivenAnswers): Answering {
  const asked = new Set<string>();
  const state: Answering = { answerer, failure: undefined, passwords: 0 };
  return state;

  async function answerer({ prompt, hint }: Parameters<Answerer>[0]): Promise<string | undefined> {
    try {
      if (hint === 'none') {
        route.notify(prompt.trim());
        return '';
      }
      const shown = /(\S+) key fingerprint is (SHA256:[A-Za-z0-9+/]+)/.exec(prompt);
      if (shown?.[1] && shown[2]) return await hostKey(shown[1], shown[2]);
      if (hint === 'confirm') return (await ask.confirm(prompt.trim())) ? 'yes' : 'no';
      return await secret(prompt);
    } catch (error) {
      state.failure ??= error instanceof Error ? error : new Error(String(error));
      return undefined;
    }
  }

  async function hostKey(type: string, fingerprint: string): Promise<string> {
    const [onRecord] = route.knownKeys.filter(({ marker }) => marker === undefined);
    if (onRecord) throw changedKey(route, { type, fingerprint }, onRecord);
    await confirmUnknownKey({ ...route, ask }, { type, fingerprint });
    // ssh writes the key itself, but makes no folder but its own, and the file readable by all.
    const [file] = route.settings.knownHostsFiles;
    if (file !== undefined && file !== '/dev/null') await prepareFile(file);
    return 'yes';
  }

  async function secret(prompt: string): Promise<string> {
    const keyFile = /^Enter passphrase for (?:key )?'?([^']+?)'?: ?$/.exec(prompt)?.[1];
    if (keyFile === undefined && /password/i.test(prompt)) state.passwords += 1;
    const before = given.get(prompt);
    if (before !== undefined && !asked.has(prompt)) {
      asked.add(prompt);
      return before;
    }
    const answer = await askFor(prompt, keyFile);
    given.set(prompt, answer);
    asked.add(prompt);
    return answer;
  }

  async function askFor(prompt: string, keyFile: string | undefined): Promise<string> {
    try {
      if (keyFile !== undefined) return await ask.secret(passphraseQuestion(keyFile));
      const question = /password: ?$/i.test(prompt) ? sshPasswordQuestion(route.place) : prompt.trim();
      return await ask.secret(state.passwords > 1 ? onceMore(question) : question);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (keyFile !== undefined) throw keyLocked(keyFile, error);
      const hint = error.problems[0]?.hint ?? error.problems[0]?.message;
      throw passwordNeeded(route.place, { tried: offeredKeys(route), notes: [] }, hint, error);
    }
  }
}

/** The key that was surely offered: the one that the person named. */
export function offeredKeys({ target, settings }: SshRoute): readonly string[] {
  return target.identityFile === undefined ? [] : settings.identityFiles.slice(0, 1);
}
