/**
 * Makes text that came from a host, a peer or a file safe to print: terminal control sequences could rewrite
 * the screen, change the title or type for the user. Escape sequences are taken out whole (ECMA-48 §5.4, §5.6),
 * and so is every other control character but newline and tab, and the marks that turn the direction of text.
 */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(SEQUENCES, '').replaceAll(CONTROLS, '');
}

/** {@link plainText} on one line, for tables and one-line summaries: newlines and tabs become spaces. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').trim();
}

/** CSI …, OSC/DCS/SOS/PM/APC … terminated by BEL or ST (or by the end of the text), and two-character escapes. */
const SEQUENCES =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;

/** C0 but tab and newline, DEL, C1, and bidirectional controls (Unicode TR 36). */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
