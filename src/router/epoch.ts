/** What a router last said of the seconds since it has had its mappings. */
export interface Epoch {
  /** Seconds. */
  readonly said: number;
  /** Seconds of our clock (monotonic) when it was heard. */
  readonly heard: number;
}

/**
 * Whether a router that speaks NAT-PMP has lost its mappings since: its clock lags behind ours by more than an eighth and two seconds
 * (RFC 6886 3.6). Pure.
 */
export function lagsBehind(before: Epoch, now: Epoch): boolean {
  const elapsed = now.heard - before.heard;
  return now.said + 2 < before.said + elapsed - elapsed / 8;
}

/**
 * Whether a PCP server has lost its mappings since, or is another one: its clock went back, or one clock lags behind the other by more
 * than a sixteenth and two seconds (RFC 6887 8.5). Pure.
 */
export function isOtherServer(before: Epoch, now: Epoch): boolean {
  const ours = now.heard - before.heard;
  const theirs = now.said - before.said;
  return theirs < -1 || ours + 2 < theirs - theirs / 16 || theirs + 2 < ours - ours / 16;
}
