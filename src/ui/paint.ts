import { styleText } from 'node:util';

/** Colours by meaning; the identity when there are none. Pure renderers receive one of these. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly changed: (text: string) => string;
  readonly accent: (text: string) => string;
}

const same = (text: string): string => text;

/** No colour at all: pipes, `--no-color`, `NO_COLOR`. */
export const PLAIN: Paint = { strong: same, dim: same, good: same, bad: same, changed: same, accent: same };

/** The sixteen colours every terminal has, so that the user's own theme decides. */
export const COLOUR: Paint = {
  strong: style('bold'),
  dim: style('dim'),
  good: style('green'),
  bad: style('red'),
  changed: style('yellow'),
  accent: style('cyan'),
};

function style(format: Parameters<typeof styleText>[0]): (text: string) => string {
  return (text) => (text === '' ? '' : styleText(format, text, { validateStream: false }));
}
