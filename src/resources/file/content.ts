import { Secret } from '../../secrets/secret.ts';

/** What a file is declared to hold: text, or a secret that nobody sees. */
export type Content = string | Secret;

/** The bytes of the declared content: of a secret too, so they go into a blob and nowhere else. */
export function bytesOf(content: Content): Buffer {
  return Buffer.from(content instanceof Secret ? content.reveal() : content);
}
