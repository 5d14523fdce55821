import type { z } from 'zod';
import { kindOf, show } from '../compose/complaint.ts';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};

/** zod's issues in plain words, for schemas that bring no words of their own. */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      const what = KINDS[issue.expected] ?? issue.expected;
      return issue.input === undefined
        ? `missing: ${what}`
        : `${what} is expected, not ${kindOf(issue.input)}`;
    }
    case 'invalid_value': {
      const choices = issue.values.map(String).join(', ');
      return issue.input === undefined
        ? `missing: one of ${choices}`
        : `${show(issue.input)} is not one of ${choices}`;
    }
    case 'too_small':
      return bound(issue.origin, 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, 'at most', issue.maximum);
    case 'not_multiple_of':
      return `this must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `${show(issue.input)} does not have the form it needs here`;
    case 'invalid_key':
      return 'this cannot be a key here';
    case 'invalid_union':
      return `${kindOf(issue.input)} fits none of the forms this can have`;
    default:
      return undefined;
  }
};

function bound(origin: string, word: string, limit: number | bigint): string {
  if (origin === 'string') return `the text must have ${word} ${limit} characters`;
  if (origin === 'array' || origin === 'set') return `the list must have ${word} ${limit} entries`;
  return `the number must be ${word} ${limit}`;
}
