/** What a router last said of the seconds since it has had its mappings. */
export interface Epoch {
  /** Seconds. */
  readonly said: number;
  /** Seconds of our clock (monotonic) when it was said. */
  readonly heard: number;
}

/**
 * Whether a router has lost its mappings since: its clock lags behind ours by more than an eighth and two seconds (RFC 6886 3.6;
 * RFC 6887 8.5 says nearly the same). Pure.
 */
export function hasLostState(before: Epoch, now: Epoch): boolean {
  const elapsed = now.heard - before.heard;
  return now.said + 2 < before.said + elapsed - elapsed / 8;
}
