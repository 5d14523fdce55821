import { z } from 'zod';

/** What a certificate has to prove. */
export const tlsProof = z.strictObject({
  /**
   * `authority`: one that programs know, or `root`, vouches for it. `self-signed`: nobody does, so that only its name and
   * its time can be looked at.
   */
  trust: z.enum(['authority', 'self-signed']),
  /** Roots of a private authority (PEM), which count beside the known ones. */
  root: z.string().max(65_536).optional(),
  /** The name that it has to be for; absent: not looked at. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/)
    .optional(),
});

/** The setting `tls` of probes: `true` speaks it and takes any certificate. */
export const tlsSetting = z.union([z.boolean(), tlsProof]).default(false);

export type TlsProof = z.output<typeof tlsProof>;
