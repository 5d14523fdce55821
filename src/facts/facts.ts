import type { FactProbe } from './probe.ts';
import type { factProbes } from './registry.generated.ts';

/** What was read of the host, by the name of the file in `src/facts/probes/` that reads it. */
export type Facts = {
  readonly [Name in keyof typeof factProbes]: (typeof factProbes)[Name] extends FactProbe<infer Value>
    ? Value
    : never;
};
