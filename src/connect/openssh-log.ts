/** A forward that the host could not open, as the master logged it. */
export interface OpenFailure {
  readonly host: string;
  readonly port: number;
  /** What the host said, such as `connect failed: Connection refused`. */
  readonly text: string;
}

/**
 * Reads failed forwards out of a master's `-v` log: `channel 3: open failed: TEXT` says why, and the line that
 * frees the same channel says for which address. Pure but for the lines it remembers.
 */
export function openFailures(found: (failure: OpenFailure) => void): (line: string) => void {
  const texts = new Map<string, string>();
  return (line) => {
    const failed = /channel (\d+): open failed: (.*)$/.exec(line);
    if (failed?.[1]) texts.set(failed[1], failed[2] ?? '');
    const freed = /channel (\d+): free: \S+ listening port \d+ for (\S+) port (\d+)/.exec(line);
    if (!freed?.[1] || !freed[2]) return;
    const text = texts.get(freed[1]);
    texts.delete(freed[1]);
    if (text !== undefined) found({ host: freed[2], port: Number(freed[3]), text });
  };
}

/** The type of the key that the host itself showed, in a master's `-v` log: the last one, after those of jump hosts. */
export function hostKeyType(log: string): string | undefined {
  return [...log.matchAll(/^debug1: Server host key: (\S+) /gm)].at(-1)?.[1];
}
