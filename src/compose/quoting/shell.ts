import { quote } from '../../quote.ts';
import { oneLineOf, type Quoter } from './format.ts';

/** For scripts of POSIX sh. */
export const helpers = {
  /** One word, whatever it holds. */
  shell: (value) => quote(oneLineOf(value)),
} satisfies Record<string, Quoter>;
