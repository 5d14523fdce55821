/** One port, or a range of them. */
export interface PortRange {
  readonly port: number;
  /** Absent: `port` alone. */
  readonly lastPort?: number;
}

/** The highest port of it. */
export function lastPortOf({ port, lastPort = port }: PortRange): number {
  return lastPort;
}

/** `80` or `40000-40009`: for messages, and for nft(8) and firewalld.richlanguage(5), which write it so too. */
export function portText(range: PortRange): string {
  const last = lastPortOf(range);
  return last === range.port ? `${range.port}` : `${range.port}-${last}`;
}

/** Whether two have a port in common. */
export function overlaps(one: PortRange, other: PortRange): boolean {
  return one.port <= lastPortOf(other) && other.port <= lastPortOf(one);
}

/** Whether all ports of `inner` are among those of `outer`. */
export function covers(outer: PortRange, inner: PortRange): boolean {
  return outer.port <= inner.port && lastPortOf(inner) <= lastPortOf(outer);
}
