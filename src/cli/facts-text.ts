import { stringify } from 'yaml';
import type { Facts } from '../facts/facts.ts';
import { plainText } from '../ui/plain-text.ts';

/** The facts for people, as YAML. */
export function factsText(facts: Facts): string {
  return plainText(stringify(facts, { aliasDuplicateObjects: false })).trimEnd();
}
