/** A regular file in an archive. */
export interface TarFile {
  /** As the archive has it; not to be trusted. */
  readonly path: string;
  readonly executable: boolean;
  readonly content: Buffer;
}

const BLOCK = 512;

/**
 * The regular files of an archive as tar(1) writes it with `--format=posix` (POSIX.1-2017, pax, “pax Interchange
 * Format”). Everything else in it, links above all, is passed over.
 * @throws {RangeError} when it is cut short
 */
export function* readTar(archive: Buffer): Generator<TarFile> {
  let longPath: string | undefined;
  let longSize: number | undefined;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) return;
    const type = String.fromCharCode(header[156] ?? 0);
    const size = (type === 'x' ? undefined : longSize) ?? octal(header, 124, 12);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new RangeError('The archive is cut short.');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'x') {
      const records = paxRecords(content);
      longPath = records.get('path');
      longSize = records.has('size') ? Number(records.get('size')) : undefined;
      continue;
    }
    if (type === '0') {
      const path = longPath ?? [text(header, 345, 155), text(header, 0, 100)].filter(Boolean).join('/');
      yield { path, executable: (octal(header, 100, 8) & 0o111) !== 0, content };
    }
    longPath = undefined;
    longSize = undefined;
  }
}

/** `LENGTH KEY=VALUE` and a newline; the length counts itself. */
function paxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || !(length > 0)) break;
    const record = content.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function octal(header: Buffer, start: number, length: number): number {
  return Number.parseInt(text(header, start, length).trim() || '0', 8);
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}
