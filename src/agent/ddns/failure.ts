/** Why addresses are not in the DNS; the message says what to do next. */
export class DdnsFailure extends Error {
  override readonly name = 'DdnsFailure';
  /** What the other side said. Never a secret. */
  readonly detail: string;

  constructor(message: string, detail: string) {
    super(message);
    this.detail = detail;
  }
}
