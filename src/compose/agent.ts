import { AGENT, DECLARATIONS } from '../agent/places.ts';
import { kind as directory } from '../resources/directory.ts';
import type { Resource } from '../resources/kind.ts';
import { kind as user } from '../resources/user.ts';
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

/** The agent itself: its account and where it is told what to do. */
export function agentResources(
  _context: Pick<RecipeContext<unknown>, 'role' | 'host' | 'facts'>,
  _options: { readonly resident: boolean },
): readonly Resource[] {
  return [
    user.of({ name: AGENT.user, system: true, home: AGENT.home }),
    directory.of({ path: '/etc/hostwright' }),
    directory.of({ path: AGENT.declarations }),
    directory.of({ path: DECLARATIONS.ddns }),
  ];
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
