import { type Place, placeName } from './place.ts';

/*
 * The questions a connection asks, worded in one place, so that whoever answers them without a
 * person (from the environment, say) can tell which secret is meant.
 */

export type SecretKind = 'ssh-password' | 'passphrase' | 'sudo-password' | 'root-password' | 'other';

export function sshPasswordQuestion(place: Place): string {
  return `Password for ${placeName(place)}`;
}

export function passphraseQuestion(keyFile: string): string {
  return `Passphrase of the key ${keyFile}`;
}

export function sudoPasswordQuestion(user: string, target: string): string {
  return `sudo password of ${user} on ${target}`;
}

export function rootPasswordQuestion(target: string): string {
  return `root's password on ${target}`;
}

/** The same question once more, after an answer that was not right. */
export function onceMore(question: string): string {
  return `${question} (the last one was not accepted)`;
}

/** Which secret a question of {@link Ask.secret} is after. */
export function secretKind(question: string): SecretKind {
  if (question.startsWith('Password for ')) return 'ssh-password';
  if (question.startsWith('Passphrase of ')) return 'passphrase';
  if (question.startsWith('sudo password of ')) return 'sudo-password';
  if (question.startsWith("root's password on ")) return 'root-password';
  return 'other';
}
