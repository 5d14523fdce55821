import { HostError } from '../../errors.ts';

/** A package that installing others would bring, change or take away. */
export interface Moved {
  readonly name: string;
  /** The version that is there now. */
  readonly from?: string;
  /** The version that would be there. */
  readonly to?: string;
}

/** Space on a file system that packages are written to. */
export interface Space {
  readonly mount: string;
  /** Bytes. */
  readonly free: number;
}

/** Whether the host finds the servers that the packages come from. */
export interface Servers {
  readonly unknown: readonly string[];
  readonly known: readonly string[];
  /** It has a way out: a default route. */
  readonly route: boolean;
  /** Lines about resolv.conf(5): `server ADDRESS`, `absent`, `link TARGET`. */
  readonly resolver: readonly string[];
}

/** What apt would do for all missing packages together. */
export interface Simulation {
  readonly installs: readonly Moved[];
  readonly upgrades: readonly Moved[];
  readonly removals: readonly Moved[];
  /** Bytes to fetch and to unpack; absent when apt did not say. */
  readonly needed?: number;
  readonly space: readonly Space[];
}

/** What apt answered: a simulation, or why there is none. */
export interface Answer {
  readonly simulation?: Simulation;
  /** Its lists cannot be read. */
  readonly damaged: boolean;
  /** Its own words, when it could not simulate. */
  readonly refusal?: string;
  readonly servers?: Servers;
}

const NAME = '([a-z0-9][a-z0-9+.-]*(?::[a-z0-9-]+)?)';
const VERSION = '([A-Za-z0-9.+:~-]+)';
const INST = new RegExp(`^Inst ${NAME}(?: \\[${VERSION}\\])? \\(${VERSION} [^\\n]*\\)`);
const REMV = new RegExp(`^(?:Remv|Purg) ${NAME} \\[${VERSION}\\]`);

/**
 * Takes apart what `hw_ask` of `simulate.ts` printed. Pure.
 * @throws {HostError} when apt speaks of packages in a way that is not understood: a plan must not miss a removal.
 */
export function parseSimulation(text: string): Answer {
  const parts = partsOf(text);
  const servers = serversOf(parts);
  const found = servers ? { servers } : {};
  const said = parts.get('apt')?.lines ?? [];
  if (parts.get('apt')?.status !== '0') {
    const errors = said.filter((line) => line.startsWith('E: ')).map((line) => plain(line.slice(3)));
    const damaged = errors.some((line) =>
      /could not be parsed or opened|MergeList|no Package: header|Unable to parse package file/.test(line),
    );
    return { ...found, damaged, ...(errors.length > 0 ? { refusal: errors.join(' ').slice(0, 300) } : {}) };
  }
  const moved = said.filter((line) => /^(Inst|Remv|Purg) /.test(line)).map(movedOf);
  const needed = bytesIn(parts.get('need')?.lines ?? []);
  return {
    ...found,
    damaged: false,
    simulation: {
      installs: moved.filter(({ from }) => from === undefined),
      upgrades: moved.filter(({ from, to }) => from !== undefined && to !== undefined),
      removals: moved.filter(({ to }) => to === undefined),
      ...(needed === undefined ? {} : { needed }),
      space: spaceOf(parts.get('free')?.lines ?? []),
    },
  };
}

interface Part {
  readonly status: string;
  readonly lines: string[];
}

function partsOf(text: string): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  let current: Part | undefined;
  for (const line of text.split('\n')) {
    const heading = /^= ([a-z]+)(?: ([0-9]+))?$/.exec(line);
    if (heading) {
      current = { status: heading[2] ?? '', lines: [] };
      parts.set(heading[1] ?? '', current);
    } else current?.lines.push(line);
  }
  return parts;
}

function movedOf(line: string): Moved {
  const inst = INST.exec(line);
  if (inst) {
    const [, name = '', from, to = ''] = inst;
    return { name, to, ...(from === undefined ? {} : { from }) };
  }
  const [, name, from] = REMV.exec(line) ?? [];
  if (name === undefined || from === undefined) {
    throw new HostError(
      'apt on the host says what it would do in a way that hostwright does not understand.',
      {
        hint: 'Nothing was changed. Run on the host: apt-get -s install … and see what is odd about it.',
        output: plain(line),
      },
    );
  }
  return { name, from };
}

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** apt's own sums (SI units): what is still to be fetched, and what more the disk will hold. */
function bytesIn(lines: readonly string[]): number | undefined {
  let sum: number | undefined;
  for (const line of lines) {
    const found =
      /^Need to get ([0-9.,]+) ([kMGT]?B)[ /]/.exec(line) ??
      /^After this operation, ([0-9.,]+) ([kMGT]?B) of additional/.exec(line);
    if (!found) continue;
    const [, number = '', unit = ''] = found;
    sum = (sum ?? 0) + Number(number.replaceAll(',', '')) * (UNITS[unit] ?? 1);
  }
  return sum;
}

/** df(1) -Pk without its heading. */
function spaceOf(lines: readonly string[]): readonly Space[] {
  return lines.flatMap((line) => {
    const found = /\s(\d+)\s+\d+\s+(\d+)\s+\d+%\s+(\/.*)$/.exec(line);
    return found ? [{ mount: plain(found[3] ?? ''), free: Number(found[2]) * 1024 }] : [];
  });
}

function serversOf(parts: ReadonlyMap<string, Part>): Servers | undefined {
  const lines = parts.get('servers')?.lines;
  if (!lines) return undefined;
  const of = (word: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [plain(line.slice(word.length + 1))] : []));
  return {
    known: of('known'),
    unknown: of('unknown'),
    route: parts.has('route'),
    resolver: (parts.get('resolver')?.lines ?? []).filter(Boolean).map(plain),
  };
}

/** What a host says, fit for one line on a terminal. */
function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?').slice(0, 300);
}
