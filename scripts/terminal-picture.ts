/**
 * Turns what a terminal showed into the SVG of the README: reads text with SGR colours (ECMA-48) on stdin, writes SVG.
 *
 *     tmux capture-pane -p -e -S -60 | npx tsx scripts/terminal-picture.ts 'npm run try' >docs/images/try.svg
 */
import { readFileSync } from 'node:fs';

const COLUMN = 8.4;
const LINE = 19;
const PADDING = 20;
const COLOURS: Readonly<Record<number, string>> = {
  31: '#f2777a',
  32: '#7fc97f',
  33: '#ffcc66',
  34: '#6699cc',
  36: '#66cccc',
  90: '#8a8f98',
};

interface Style {
  readonly colour?: string;
  readonly bold: boolean;
  readonly dim: boolean;
}

const PLAIN: Style = { bold: false, dim: false };

function styled(style: Style, codes: readonly number[]): Style {
  let now = style;
  for (const code of codes) {
    const colour = COLOURS[code];
    if (code === 0) now = PLAIN;
    else if (code === 1) now = { ...now, bold: true };
    else if (code === 2) now = { ...now, dim: true };
    else if (code === 22) now = { ...now, bold: false, dim: false };
    else if (code === 39) now = { bold: now.bold, dim: now.dim };
    else if (colour) now = { ...now, colour };
  }
  return now;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function span(text: string, { colour, bold, dim }: Style): string {
  const attributes = [
    colour ? ` fill="${colour}"` : dim ? ' fill="#8a8f98"' : '',
    bold ? ' font-weight="bold"' : '',
  ].join('');
  return attributes ? `<tspan${attributes}>${escapeXml(text)}</tspan>` : escapeXml(text);
}

const title = process.argv[2] ?? '';
const lines = readFileSync(0, 'utf8').trimEnd().split('\n');
const columns = 100;
let style = PLAIN;
const rows = lines.map((line, index) => {
  const pieces = line.split('\u001b[').flatMap((piece, part) => {
    if (part === 0) return [span(piece, style)];
    const end = piece.search(/[A-Za-z]/);
    if (piece[end] === 'm') style = styled(style, piece.slice(0, end).split(';').map(Number));
    const text = piece.slice(end + 1);
    return text ? [span(text, style)] : [];
  });
  return `<text x="${PADDING}" y="${PADDING + 34 + index * LINE}" xml:space="preserve">${pieces.join('')}</text>`;
});
const width = Math.round(columns * COLUMN + 2 * PADDING);
const height = PADDING * 2 + 30 + lines.length * LINE;
process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#d8dee9">
<rect width="100%" height="100%" rx="8" fill="#1b1f27"/>
<text x="${width / 2}" y="26" text-anchor="middle" fill="#8a8f98">${escapeXml(title)}</text>
${rows.join('\n')}
</svg>
`);
