import sax from 'sax';

/** What a document may be at most. */
const DEEPEST = 24;
const ELEMENTS = 4000;

/** What is heard of a document, in its order. Names come without their namespace's prefix. */
export interface XmlListener {
  open?(name: string): void;
  /** An element has ended that has no others in it. `parent`: the one that it is in. */
  leaf(name: string, text: string, parent: string): void;
  close?(name: string): void;
}

/**
 * Reads a small document. One that is malformed, too deep, too long, or brings a document type (which could define entities) is
 * not read at all.
 * @returns false for those; what was heard until then does not count
 */
export function readXml(text: string, listener: XmlListener): boolean {
  const parser = sax.parser(true, { trim: true, position: false });
  let isGood = true;
  let elements = 0;
  const path: string[] = [];
  let content: string | undefined;
  parser.onerror = () => {
    isGood = false;
  };
  parser.ondoctype = () => {
    isGood = false;
  };
  parser.onopentag = ({ name }) => {
    elements += 1;
    path.push(localName(name));
    if (path.length > DEEPEST || elements > ELEMENTS) isGood = false;
    content = '';
    if (isGood) listener.open?.(path.at(-1) ?? '');
  };
  const more = (part: string): void => {
    if (content !== undefined) content += part;
  };
  parser.ontext = more;
  parser.oncdata = more;
  parser.onclosetag = () => {
    const name = path.pop() ?? '';
    if (!isGood) return;
    if (content !== undefined) listener.leaf(name, content.trim(), path.at(-1) ?? '');
    content = undefined;
    listener.close?.(name);
  };
  try {
    // In pieces, so that a bad one is not read to its end.
    for (let start = 0; start < text.length && isGood; start += PIECE)
      parser.write(text.slice(start, start + PIECE));
    if (isGood) parser.close();
  } catch {
    return false;
  }
  return isGood && elements > 0;
}

const PIECE = 8192;

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
