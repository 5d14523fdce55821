import type { Complaint } from '../compose/complaint.ts';

const QUOTE_IT = 'If it is meant as text, put it in quotes.';
const INDENT = 'Indent with spaces, the keys of one group all alike.';

/** What the parser's error codes mean to somebody who doesn't know YAML's grammar. */
const WORDS: Readonly<Record<string, Complaint>> = {
  TAB_AS_INDENT: {
    message: 'a tab is used to indent, and YAML knows only spaces',
    hint: 'Replace it by two spaces.',
  },
  BAD_INDENT: { message: 'the indentation does not fit, or a bracket is not closed', hint: INDENT },
  BAD_SCALAR_START: { message: 'text cannot begin with this sign', hint: 'Put the text in quotes.' },
  BAD_DQ_ESCAPE: {
    message: 'this backslash means nothing between double quotes',
    hint: 'Use single quotes, or write \\\\ for a backslash.',
  },
  BLOCK_AS_IMPLICIT_KEY: { message: 'a key cannot stand here: the line already has one', hint: INDENT },
  BLOCK_IN_FLOW: { message: 'inside { } and [ ] there are commas, not dashes or indentation' },
  MULTILINE_IMPLICIT_KEY: { message: 'a colon is missing, or this line is indented wrongly', hint: INDENT },
  MISSING_CHAR: { message: 'a sign is missing here', hint: 'Look for a quote, bracket, comma or colon.' },
  UNEXPECTED_TOKEN: { message: 'this does not belong here', hint: QUOTE_IT },
  KEY_OVER_1024_CHARS: { message: 'a key is longer than 1024 characters' },
  BAD_DIRECTIVE: { message: 'a line cannot begin with %', hint: QUOTE_IT },
  BAD_COLLECTION_TYPE: { message: 'this tag does not fit what follows' },
  MULTIPLE_ANCHORS: { message: 'two anchors for one value' },
  MULTIPLE_TAGS: { message: 'two tags for one value' },
  BAD_ALIAS: { message: 'a value cannot begin with * or &', hint: 'Put the text in quotes.' },
  ALIAS_PROPS: { message: 'an alias has no place in a host file', hint: 'Write the value out.' },
};

const EXACT: readonly (readonly [RegExp, Complaint])[] = [
  [/closing "quote/, { message: 'a double quote is opened and never closed' }],
  [/closing 'quote/, { message: 'a single quote is opened and never closed' }],
  [/followed by map values/, { message: 'a colon is missing after this key', hint: INDENT }],
  [/block-seq-ind on same line/, { message: 'a list begins on a line of its own', hint: INDENT }],
  [/directives-end/, { message: 'a line cannot begin with %', hint: QUOTE_IT }],
  [/compact mappings/, { message: 'two colons in one line', hint: QUOTE_IT }],
  [/end with a ]/, { message: 'a list is opened with [ and never closed with ]' }],
  [/end with a }/, { message: 'a group is opened with { and never closed with }' }],
];

/** One of the parser's errors in plain words. */
export function syntaxWords(code: string, message: string): Complaint {
  const exact = EXACT.find(([pattern]) => pattern.test(message))?.[1];
  return exact ?? WORDS[code] ?? { message: `this is not YAML: ${message}` };
}

/** Of several errors in one line the least vague tells what is wrong; the others are mostly its echo. */
export function vagueness(code: string): number {
  if (code === 'MISSING_CHAR' || code === 'UNEXPECTED_TOKEN') return 2;
  return code === 'BLOCK_AS_IMPLICIT_KEY' ? 1 : 0;
}
