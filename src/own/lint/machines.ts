import type { Facts } from '../../facts/facts.ts';
import { factProbes } from '../../facts/registry.generated.ts';

/** A machine that recipes are tried on without one being there. */
export interface SampleMachine {
  /** As people call it: `Debian 12`. */
  readonly name: string;
  /** Read anew each time, so that a recipe that writes into it spoils it for nobody. */
  facts(): Facts;
}

/** A machine just installed, of each release that is supported: what every fact's script printed there. */
export async function sampleMachines(): Promise<readonly SampleMachine[]> {
  const [bookworm, trixie] = await Promise.all([
    import('../../../test/fixtures/facts/bare-bookworm.json', { with: { type: 'json' } }),
    import('../../../test/fixtures/facts/bare-trixie.json', { with: { type: 'json' } }),
  ]);
  return [
    { name: 'Debian 12', facts: () => read(bookworm.default) },
    { name: 'Debian 13', facts: () => read(trixie.default) },
  ];
}

/** A fact that was not asked for there is unknown, as on a machine that does not answer it. */
function read(printed: Readonly<Record<string, string>>): Facts {
  const facts = Object.entries(factProbes).map(([name, probe]) => [name, probe.parse(printed[name] ?? '')]);
  return Object.fromEntries(facts) as Facts;
}
