import { type Shell, sh } from '../../quote.ts';

/** Stands for the serial in what is declared: the host puts the number there. The line says what it is. */
const SERIAL_LINE = /^([ \t]*)\d{1,10}(?= ; serial)/gm;

/** A zone's text without its serial, one character a byte: what is compared. */
export function withoutSerial(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').replaceAll(SERIAL_LINE, '$10'), 'latin1');
}

/** Whether a text has exactly one line that a serial can stand in. */
export function hasSerialLine(text: string): boolean {
  return [...text.matchAll(SERIAL_LINE)].length === 1;
}

/** Shell that prints the SHA-256 of a zone file without its serial. */
export function hashOf(path: string): Shell {
  return sh`"$(sed 's/^\([[:blank:]]*\)[0-9]\{1,10\}\( ; serial\)/\10\2/' "$P"${path} | sha256sum | cut -c1-64)"`;
}

/**
 * Shell that writes the text `blob` with a later serial than the zone at `path` has into the file `"$hw_zone"`. The
 * seconds since 1970: a later change has a greater number, also when an earlier one has been taken back. A zone that had
 * a greater one goes on from there (RFC 1982 compares within 2^32).
 */
export function withLaterSerial(name: string, path: string, blob: string): Shell {
  return sh`hw_serial=$(date +%s)
hw_old=$(named-checkzone -i none ${name} ${path} 2>/dev/null | sed -n 's/.*: loaded serial \([0-9]\{1,10\}\).*/\1/p' | head -n 1)
[ -z "$hw_old" ] || [ "$hw_serial" -gt "$hw_old" ] || hw_serial=$((hw_old + 1))
[ "$hw_serial" -le 4294967295 ] || hw_serial=1
hw_zone=$(mktemp)
sed 's/^\([[:blank:]]*\)[0-9]\{1,10\}\( ; serial\)/\1'"$hw_serial"'\2/' "$HW_BLOBS"/${blob} >"$hw_zone"`;
}
