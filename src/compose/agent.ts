import type { Resource } from '../resources/kind.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Authority, PlanNote, RecipeContext } from './recipe.ts';
import type { AcmeInput } from './tls/input.ts';

/** How an authority is shown that the names are ours; see `ChallengeWay` of `src/agent/declared.ts`. */
export type AcmeChallenge =
  | { readonly type: 'http-01' }
  | {
      readonly type: 'dns-01';
      readonly server: string;
      readonly port: number;
      readonly zone?: string;
      /** The zone that takes the update, by name to be certified. */
      readonly zones?: Readonly<Record<string, string>>;
      readonly key?: {
        readonly name: string;
        readonly algorithm: 'hmac-sha256' | 'hmac-sha512';
        readonly secret: Secret;
      };
    }
  | { readonly type: 'dns-01-hook'; readonly command: string };

/** A certificate that the agent is to get and to renew. */
export interface AcmeWish {
  readonly name: string;
  readonly names: readonly string[];
  /** For people. */
  readonly authorityName: string;
  readonly authority: Authority;
  readonly challenge: AcmeChallenge;
  readonly keyType: AcmeInput['keyType'];
  readonly email?: string;
  readonly eab?: { readonly kid: string; readonly hmacKey: Secret };
  readonly owner: string;
  readonly group: string;
  /** What is told when there is a new one. */
  readonly services: readonly { readonly service: string; readonly action: 'reload' | 'restart' }[];
}

/** What a certificate by ACME takes on the host. */
export function acmeParts(
  _context: Pick<RecipeContext<unknown>, 'role' | 'host' | 'facts'>,
  _wish: AcmeWish,
): {
  readonly resources: readonly Resource[];
  readonly after: readonly Resource[];
  readonly notes: readonly Omit<PlanNote, 'role'>[];
} {
  return { resources: [], after: [], notes: [] };
}
