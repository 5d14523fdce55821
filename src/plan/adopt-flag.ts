import { quote } from '../quote.ts';

/** What a person types to have `id` taken over, as a shell reads it: `--adopt file:/etc/motd`. */
export function adoptFlag(id: string): string {
  return `--adopt ${/^[\w./:@%+=,-]+$/.test(id) ? id : quote(id)}`;
}
