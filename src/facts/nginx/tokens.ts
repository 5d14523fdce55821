/** One directive of an nginx configuration, with what stands in its braces. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** Counts from 1. */
  readonly line: number;
  readonly block?: readonly Directive[];
}

/** What a file holds, and whether all of it was understood. */
export interface ParsedConfig {
  readonly directives: readonly Directive[];
  readonly complete: boolean;
}

interface Token {
  readonly text: string;
  readonly line: number;
  /** `mark`: one of `;{}` outside of quotes; `broken`: a quote that never ends. */
  readonly type: 'word' | 'mark' | 'broken';
}

/**
 * Reads nginx's configuration syntax (words, quotes, comments, braces) and nothing of its meaning.
 * Never throws: what can't be understood is left out and `complete` is false.
 */
export function parseConfig(text: string): ParsedConfig {
  const root: Directive[] = [];
  const open: Directive[][] = [root];
  let words: Token[] = [];
  let complete = true;
  for (const token of tokens(text)) {
    if (token.type === 'word') words.push(token);
    if (token.type === 'broken') complete = false;
    if (token.type !== 'mark') continue;
    const [first, ...args] = words;
    words = [];
    const directive = first && { name: first.text, args: args.map((word) => word.text), line: first.line };
    const here = open.at(-1) ?? root;
    if (token.text === ';') {
      if (directive) here.push(directive);
    } else if (token.text === '{') {
      const block: Directive[] = [];
      if (directive) here.push({ ...directive, block });
      else complete = false;
      open.push(block);
    } else {
      if (directive || open.length === 1) complete = false;
      if (open.length > 1) open.pop();
    }
  }
  return { directives: root, complete: complete && words.length === 0 && open.length === 1 };
}

/** Splits as nginx does: `#` begins a comment only where a word could begin, and `${` is no brace. */
function* tokens(text: string): Generator<Token> {
  const pattern =
    /(?<skip>\s+|#[^\n]*)|(?<mark>[;{}])|(?<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?<word>(?!["'}])(?:\\.|\$\{|[^\s;{\\])+)|(?<broken>.)/gsy;
  let line = 1;
  for (const { 0: all, groups = {} } of text.matchAll(pattern)) {
    const { mark, quoted, word, broken } = groups;
    if (mark !== undefined) yield { text: mark, line, type: 'mark' };
    else if (quoted !== undefined) yield { text: unescaped(quoted.slice(1, -1)), line, type: 'word' };
    else if (word !== undefined) yield { text: unescaped(word), line, type: 'word' };
    else if (broken !== undefined) yield { text: broken, line, type: 'broken' };
    for (const character of all) if (character === '\n') line += 1;
  }
}

/** These are all the escapes that nginx knows; a backslash before anything else stays. */
function unescaped(text: string): string {
  const known: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };
  return text.replaceAll(/\\(["'\\trn])/g, (_, character: string) => known[character] ?? character);
}
