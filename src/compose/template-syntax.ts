import Handlebars from 'handlebars';
import { UserError } from '../errors.ts';

const BLOCKS: readonly string[] = ['each', 'if', 'unless'];

/**
 * Reads a template and allows only what our templates need: quoting helpers with one value, plain words, and the blocks
 * each, if and unless. A bare `{{value}}` becomes a call of the quoting helper `bare`; every helper gets its source text
 * and line, for messages.
 * @throws {UserError} naming template and line
 */
export function checkTemplate(name: string, text: string, quoters: readonly string[]): hbs.AST.Program {
  const program = parse(name, text);
  checkProgram(program, { name, quoters });
  return program;
}

interface Scope {
  readonly name: string;
  readonly quoters: readonly string[];
}

function parse(name: string, text: string): hbs.AST.Program {
  try {
    return Handlebars.parse(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // `Parse error on line 2:` and an excerpt, or `if doesn't match each - 2:3`.
    const line = /(?: on line | - )(\d+)/.exec(error.message)?.[1];
    const lines = error.message.replace(/ - \d+:\d+$/, '').split('\n');
    const message = lines.length > 1 ? `this is not Handlebars: ${lines[1] ?? ''}` : (lines[0] ?? '');
    throw new UserError({ message, at: { file: name, ...(line ? { line: Number(line) } : {}) } });
  }
}

function checkProgram(program: hbs.AST.Program, scope: Scope): void {
  for (const node of program.body) {
    if (isNode<hbs.AST.MustacheStatement>(node, 'MustacheStatement')) checkValue(node, scope);
    else if (isNode<hbs.AST.BlockStatement>(node, 'BlockStatement')) checkBlock(node, scope);
    else if (node.type !== 'ContentStatement' && node.type !== 'CommentStatement')
      refuse(node, scope, 'a template here has no partials and no decorators');
  }
}

function checkValue(node: hbs.AST.MustacheStatement, scope: Scope): void {
  if (!node.escaped)
    refuse(node, scope, 'write two braces: three are not needed, and a helper does the quoting');
  const helper = pathOf(node.path, node, scope);
  if (node.params.length === 0 && !node.hash) {
    if (scope.quoters.includes(helper.original)) refuse(node, scope, 'the helper needs a value');
    node.params = [helper, ...place(node, helper.original)];
    node.path = named('bare', helper);
    return;
  }
  if (!scope.quoters.includes(helper.original))
    refuse(node, scope, `there is no such helper; there are ${scope.quoters.join(', ')}`);
  const value = onlyParameter(node, scope);
  node.params = [value, ...place(node, `${helper.original} ${value.original}`)];
}

function checkBlock(node: hbs.AST.BlockStatement, scope: Scope): void {
  const helper = pathOf(node.path, node, scope);
  if (!BLOCKS.includes(helper.original)) refuse(node, scope, `a block is one of ${BLOCKS.join(', ')}`);
  const value = onlyParameter(node, scope);
  node.params = [value, ...place(node, `#${helper.original} ${value.original}`)];
  // The parser leaves these out where the types promise them: `{{#unless}}` without `{{else}}`, an empty block.
  for (const part of [node.program, node.inverse]) if (part) checkProgram(part, scope);
}

function onlyParameter(
  node: hbs.AST.MustacheStatement | hbs.AST.BlockStatement,
  scope: Scope,
): hbs.AST.PathExpression {
  const [value, ...more] = node.params;
  if (!value || more.length > 0 || node.hash) refuse(node, scope, 'exactly one value belongs here');
  return pathOf(value, node, scope);
}

function pathOf(expression: hbs.AST.Expression, node: hbs.AST.Node, scope: Scope): hbs.AST.PathExpression {
  if (isNode<hbs.AST.PathExpression>(expression, 'PathExpression')) return expression;
  refuse(node, scope, 'only the name of a value belongs here');
}

/** `if` and `else if` may stand where no source position is; the parser gives every mustache one. */
function place(node: hbs.AST.Node, source: string): hbs.AST.Expression[] {
  const text: hbs.AST.StringLiteral = {
    type: 'StringLiteral',
    value: `{{${source}}}`,
    original: source,
    loc: node.loc,
  };
  const line = node.loc.start.line;
  const number: hbs.AST.NumberLiteral = { type: 'NumberLiteral', value: line, original: line, loc: node.loc };
  return [text, number];
}

function named(name: string, like: hbs.AST.PathExpression): hbs.AST.PathExpression {
  return { ...like, data: false, depth: 0, parts: [name], original: name };
}

function isNode<Node extends hbs.AST.Node>(node: hbs.AST.Node, type: Node['type']): node is Node {
  return node.type === type;
}

function refuse(node: hbs.AST.Node, scope: Scope, message: string): never {
  throw new UserError({ message, at: { file: scope.name, line: node.loc.start.line } });
}
