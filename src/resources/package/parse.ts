import { HostError } from '../../errors.ts';
import { type Answer, parseSimulation } from './simulation.ts';

/** `fresh`: fetched within a day. */
export type ListsAge = 'none' | 'old' | 'fresh';

/** What apt says about installing all that is missing in one call; the first of the missing has it. */
export interface Together {
  readonly names: readonly string[];
  readonly answer: Answer;
}

/** A package as dpkg and apt know it. */
export type PackageState =
  | { readonly status: 'installed'; readonly version: string }
  /** Unpacked or half-configured: an installation was interrupted. */
  | {
      readonly status: 'broken';
      readonly version: string;
      readonly lists: ListsAge;
      readonly candidate?: string;
      readonly together?: Together;
    }
  /** `configured`: removed, but its settings are still there. */
  | {
      readonly status: 'absent' | 'configured';
      readonly lists: ListsAge;
      readonly candidate?: string;
      readonly together?: Together;
    };

const AGES: ReadonlySet<string> = new Set<ListsAge>(['none', 'old', 'fresh']);

/**
 * Takes the output of the package observation apart: lines of dpkg-query(1), an empty line, the age of apt's lists,
 * `apt-cache policy`, what apt would do.
 * @throws {HostError} when apt's part is missing though a package is.
 */
export function parsePackages(
  output: Buffer,
  specs: readonly { readonly name: string }[],
): readonly PackageState[] {
  const [known = '', ...rest] = output.toString().split('\n\n');
  const [age = '', ...lines] = rest.join('\n\n').replace(/^\n+/, '').split('\n');
  const at = lines.findIndex((line) => /^= (apt|servers)/.test(line));
  const found = installed(known);
  const candidates = candidatesOf(at < 0 ? lines : lines.slice(0, at));
  const names = specs.map(({ name }) => name).filter((name) => found.get(name)?.state !== 'i');
  const together = at < 0 ? undefined : { names, answer: parseSimulation(lines.slice(at).join('\n')) };
  return specs.map(({ name }): PackageState => {
    const present = found.get(name);
    if (present?.state === 'i') return { status: 'installed', version: present.version };
    if (!isAge(age))
      throw new HostError('The host did not say what apt knows', { output: output.toString() });
    const candidate = candidates.get(name);
    const apt = {
      lists: age,
      ...(candidate && { candidate }),
      ...(together && name === names[0] && { together }),
    };
    if (present?.state === 'b') return { status: 'broken', version: present.version, ...apt };
    return { status: present?.state === 'c' ? 'configured' : 'absent', ...apt };
  });
}

function isAge(text: string): text is ListsAge {
  return AGES.has(text);
}

/** Of a name with several architectures the best installed one counts. */
function installed(text: string) {
  const found = new Map<string, { readonly state: 'i' | 'b' | 'c' | 'n'; readonly version: string }>();
  for (const line of text.split('\n')) {
    const [name = '', status = '', version = ''] = line.split('\t');
    const state = stateOf(status);
    const present = found.get(name);
    if (name !== '' && (!present || 'ibcn'.indexOf(state) < 'ibcn'.indexOf(present.state))) {
      found.set(name, { state, version });
    }
  }
  return found;
}

/** The second letter of `db:Status-Abbrev` is the state; a third one means that it must be installed again. */
function stateOf(abbreviation: string): 'i' | 'b' | 'c' | 'n' {
  if (abbreviation[2] === 'R') return 'b';
  switch (abbreviation[1]) {
    case 'i':
    case 't':
    case 'W':
      return 'i';
    case 'c':
    case 'n':
      return abbreviation[1];
    default:
      return 'b';
  }
}

function candidatesOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const candidates = new Map<string, string>();
  let name = '';
  for (const line of lines) {
    const heading = /^(\S+):$/.exec(line)?.[1];
    if (heading !== undefined) name = heading;
    const candidate = /^ {2}Candidate: (\S+)$/.exec(line)?.[1];
    if (candidate !== undefined && candidate !== '(none)') candidates.set(name, candidate);
  }
  return candidates;
}
