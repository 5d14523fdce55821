import { Composer, type CST, type Document, Lexer, LineCounter, Parser } from 'yaml';
import type { Problem, SourcePosition } from '../errors.ts';
import type { Tree } from './tree.ts';
import { readTree } from './yaml-tree.ts';
import { syntaxWords, vagueness } from './yaml-words.ts';

/** Pieces (words, colons, brackets, line breaks…): the composer needs up to 20 µs for each. */
const MOST_PIECES = 100_000;

/** Open constructs while reading; two or three for each level that is written. */
const DEEPEST = 100;

/** What was read, as far as it could be. */
export interface Parsed {
  /** Absent where there is nothing, or nothing that could be made sense of. */
  readonly tree?: Tree;
  readonly problems: readonly Problem[];
  /** The first line with a syntax error: from here on the tree is a guess. */
  readonly guessedFrom: number;
}

type PlacedProblem = Problem & { readonly at: SourcePosition & { readonly line: number } };
type At = (offset: number) => PlacedProblem['at'];

/**
 * Reads YAML 1.2 (core schema) into a {@link Tree}. Not read, because a host file is better without: anchors and
 * aliases, tags, several documents. Time and memory are bounded whatever the text is.
 */
export function parseYaml(text: string, file: string): Parsed {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const at: At = (offset) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const { tokens, tooMuch } = tokenise(text, lines);
  if (tooMuch) return { problems: [{ at: at(tooMuch.offset), ...tooMuch.problem }], guessedFrom: 0 };
  const options = { version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false } as const;
  const [document, second] = [...new Composer(options).compose(tokens, true, text.length)];
  const syntax = syntaxProblems(document, text, at);
  const { tree, problems } = readTree(document?.contents ?? undefined, at);
  return {
    ...(tree && { tree }),
    problems: [...syntax, ...problems, ...(second ? [secondDocument(at(second.range[0]))] : [])],
    guessedFrom: Math.min(Number.POSITIVE_INFINITY, ...syntax.map((problem) => problem.at.line)),
  };
}

function secondDocument(at: SourcePosition): Problem {
  const hint = 'Take the line --- out, or keep a file for each host.';
  return { at, message: 'a second document begins here, and a host file has one', hint };
}

interface TooMuch {
  readonly offset: number;
  readonly problem: Problem;
}

/** The composer recurses, and takes minutes over what is nested thousands deep: that is found here, before it runs. */
function tokenise(text: string, lines: LineCounter): { tokens: CST.Token[]; tooMuch?: TooMuch } {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let pieces = 0;
  for (const piece of new Lexer().lex(text)) {
    for (const token of parser.next(piece)) tokens.push(token);
    pieces += 1;
    const problem = excess(parser.stack.length, pieces);
    if (problem) return { tokens, tooMuch: { offset: parser.offset, problem } };
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

function excess(depth: number, pieces: number): Problem | undefined {
  const hint = 'Is it the right file?';
  if (depth > DEEPEST) return { message: 'this is nested too deeply for a host file', hint };
  if (pieces <= MOST_PIECES) return undefined;
  return { message: `the host file is too large: up to here it has ${MOST_PIECES} words and signs`, hint };
}

/** One mistake a line: what else is wrong in the same line mostly follows from it. */
function syntaxProblems(document: Document.Parsed | undefined, text: string, at: At): PlacedProblem[] {
  const byLine = new Map<number, { code: string; problem: PlacedProblem }>();
  for (const { code, message, pos } of document?.errors ?? []) {
    // The parser tells of an open quote at the end of the file.
    const quote = /closing (["'])quote/.exec(message)?.[1];
    const place = at(quote ? text.lastIndexOf(quote) : pos[0]);
    const known = byLine.get(place.line);
    if (!known || vagueness(code) < vagueness(known.code))
      byLine.set(place.line, { code, problem: { at: place, ...syntaxWords(code, message) } });
  }
  return [...byLine.values()].map(({ problem }) => problem);
}
