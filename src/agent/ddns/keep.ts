import { familyOf } from '../../facts/address.ts';
import { DECLARATIONS, STATE } from '../places.ts';
import { ownAddresses } from './addresses.ts';
import { forgetOthers, readDeclarations, readState, routerAddressIn, writeState } from './files.ts';
import { type Addresses, carryOut, isDue, keyOf, targetOf } from './pass.ts';

/** What keeping names up depends on; the defaults are for the host. */
export interface DdnsSurroundings {
  /** The router's address outside, if it tells one; asked at each look. Default: what it told when ports were mapped. */
  readonly routerAddress?: () => Promise<string | undefined>;
  /** For the log. Never with a secret. */
  tell(text: string): void;
  /** Default: what the kernel says. */
  readonly own?: () => Promise<Pick<Addresses, 'ipv4' | 'ipv6'>>;
  readonly declarations?: string;
  readonly state?: string;
}

/** Names that are kept up until {@link Ddns.stop}. */
export interface Ddns {
  /** An address of the host or its router may have changed, or a declaration: looks soon. An `AddressListener`. */
  readonly changed: () => void;
  /** Looks now; resolves when everything that was due has been tried. Never rejects. */
  readonly look: () => Promise<void>;
  readonly stop: () => void;
}

/** Milliseconds: addresses come and go in bursts; the router's is looked up again; failures are looked at. */
const SETTLE = 3_000;
const SLOWLY = 10 * 60_000;
const SOON = 60_000;
/** Milliseconds that the host may be without an IPv6 address before that is taken for the truth. */
const PAUSE = 9 * 60_000;

/** Keeps the addresses of declared names in the DNS: looks at the start, when something changed, and slowly by a timer. */
export function keepDdns(around: DdnsSurroundings): Ddns {
  const memory: Memory = { attempted: new Map() };
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const later = (milliseconds: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void look(), milliseconds);
  };
  const look = (): Promise<void> => {
    if (running) {
      again = true;
      return running;
    }
    clearTimeout(timer);
    running = pass(around, memory)
      .catch((error: unknown) => {
        around.tell(`Looking after names failed: ${error instanceof Error ? error.message : String(error)}`);
        return true;
      })
      .then((isFailing) => {
        running = undefined;
        later(again ? SETTLE : isFailing ? SOON : SLOWLY);
        again = false;
      });
    return running;
  };
  later(0);
  return {
    changed: () => {
      if (running) again = true;
      else later(SETTLE);
    },
    look,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** What one look leaves to the next. */
interface Memory {
  /** What was tried last, by role. */
  readonly attempted: Map<string, string>;
  /** When it was seen first that the host has no IPv6 address; milliseconds since 1970. */
  withoutSince?: number | undefined;
}

/** One look at everything. True while something fails. */
async function pass(
  {
    routerAddress = () => routerAddressIn(STATE.ports),
    tell,
    own = () => ownAddresses(tell),
    declarations = DECLARATIONS.ddns,
    state: folder = STATE.ddns,
  }: DdnsSurroundings,
  memory: Memory,
): Promise<boolean> {
  const declared = await readDeclarations(declarations, tell);
  for (const role of await forgetOthers(folder, declared))
    tell(`${role} is no longer kept up; its records stay in the DNS as they are.`);
  if (declared.size === 0) return false;
  const host = await own();
  const needsRouter =
    host.ipv4 === undefined &&
    [...declared.values()].some(({ declaration }) => declaration.families.includes(4));
  const router = needsRouter ? await routerAddress().catch(() => undefined) : undefined;
  const addresses: Addresses = { ...host, ...(router === undefined ? {} : { router }) };
  const { attempted } = memory;
  memory.withoutSince = host.ipv6.length > 0 ? undefined : (memory.withoutSince ?? Date.now());
  // A router that restarts announces its prefix again soon: until then it is as it was.
  const isPause = memory.withoutSince !== undefined && Date.now() - memory.withoutSince < PAUSE;
  let isFailing = false;
  for (const [role, one] of declared) {
    const before = await readState(folder, role);
    const known = before?.addresses ?? [];
    const ipv6 = isPause ? known.filter((address) => familyOf(address) === 6) : addresses.ipv6;
    const target = targetOf(one.declaration, { ...addresses, ipv6 }, known);
    const now = Date.now();
    if (!isDue(one, target, before, { now, attempted: attempted.get(role) })) {
      isFailing ||= (before?.failures ?? 0) > 0;
      continue;
    }
    attempted.set(role, keyOf(target));
    const after = await carryOut(one, target, before, now);
    await writeState(folder, after);
    isFailing ||= after.failures > 0;
    tell(
      after.verdict.state === 'current'
        ? `${one.declaration.names.join(', ')}: ${after.addresses.join(' and ')} in the DNS.`
        : `${one.declaration.names.join(', ')}: ${[after.verdict.text, after.verdict.detail].filter((text) => text !== '').join(' — ')}`,
    );
  }
  return isFailing;
}
