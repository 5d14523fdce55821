/** The agent on the host, as resources: the same for every role that needs it, so all of them agree on it. */
import { FORMAT } from '../agent/declared.ts';
import { AGENT, DECLARATIONS } from '../agent/places.ts';
import { kind as acme } from '../resources/acme.ts';
import { kind as agentHome } from '../resources/agent-home.ts';
import { kind as directory } from '../resources/directory.ts';
import { kind as file } from '../resources/file.ts';
import type { Resource } from '../resources/kind.ts';
import { kind as packageKind } from '../resources/package.ts';
import { kind as service } from '../resources/service.ts';
import { kind as tree } from '../resources/tree.ts';
import { kind as user } from '../resources/user.ts';
import type { Secret } from '../secrets/secret.ts';
import { AGENT_FOLDER } from './agent/folder.ts';
import { CERTIFICATES, CERTIFICATES_TIMER, INSTALL, INSTALL_PATH, RESIDENT, UNITS } from './agent/units.ts';
import type { Authority, PlanNote, RecipeContext } from './recipe.ts';
import { secretJson } from './secret-json.ts';
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

const UNIT_FOLDER = '/etc/systemd/system';

/** The agent itself: its account, its code, where it is told what to do, and the process that stays where one is needed. */
export function agentResources(
  { folder }: Pick<RecipeContext<unknown>, 'folder'>,
  { resident }: { readonly resident: boolean },
): readonly Resource[] {
  const restart = [{ service: UNITS.resident, action: 'restart' as const }];
  return [
    packageKind.of({ name: 'nodejs' }),
    user.of({ name: AGENT.user, system: true, home: AGENT.home }),
    directory.of({ path: '/etc/hostwright' }),
    ...[AGENT.declarations, ...Object.values(DECLARATIONS)].map((path) => directory.of({ path })),
    directory.of({ path: '/usr/local/lib/hostwright', mode: '0755' }),
    directory.of({ path: AGENT.code }),
    tree.of({ path: AGENT.code, folder: folder(AGENT_FOLDER) }, { notify: restart }),
    agentHome.of({}),
    ...(resident
      ? [
          file.of(
            { path: `${UNIT_FOLDER}/${UNITS.resident}.service`, content: RESIDENT },
            { notify: restart },
          ),
          service.of({ name: UNITS.resident }),
        ]
      : []),
  ];
}

/** What a certificate by ACME takes on the host. Pure. */
export function acmeParts(
  context: Pick<RecipeContext<unknown>, 'folder'>,
  wish: AcmeWish,
): {
  readonly resources: readonly Resource[];
  readonly after: readonly Resource[];
  readonly notes: readonly Omit<PlanNote, 'role'>[];
} {
  const { name, names, owner, group, services, authority } = wish;
  const trust = authority.root === undefined ? undefined : `${DECLARATIONS.trust}/${name}.pem`;
  const install = {
    owner,
    group,
    mode: owner === 'root' && group !== 'root' ? '0640' : '0600',
    names: names.join(','),
    ...(trust === undefined ? {} : { trust }),
    services: services.map(({ service: unit, action }) => `${unit}:${action}`).join(' '),
  };
  return {
    resources: [
      ...agentResources(context, { resident: false }),
      packageKind.of({ name: 'openssl' }),
      packageKind.of({ name: 'ca-certificates' }),
      ...units(),
      ...(trust === undefined || authority.root === undefined
        ? []
        : [file.of({ path: trust, content: authority.root })]),
      file.of({
        path: `${DECLARATIONS.installs}/${name}`,
        content: `${Object.entries(install)
          .map(([key, value]) => `${key}=${value}`)
          .join('\n')}\n`,
      }),
    ],
    after: [acme.of({ name, declaration: declarationOf(wish, trust) })],
    notes: [
      {
        level: 'info',
        text: `${wish.authorityName} certifies ${names.join(', ')}; until it has, a self-signed certificate is in its place. The host renews it by itself: hostwright certs list`,
      },
    ],
  };
}

function units(): readonly Resource[] {
  const unit = (name: string, content: string): Resource =>
    file.of({ path: `${UNIT_FOLDER}/${name}`, content });
  return [
    unit(`${UNITS.certificates}.service`, CERTIFICATES),
    unit(`${UNITS.install}.service`, INSTALL),
    ...[
      { name: `${UNITS.certificates}.timer`, content: CERTIFICATES_TIMER },
      { name: `${UNITS.install}.path`, content: INSTALL_PATH },
    ].flatMap(({ name, content }) => [
      file.of(
        { path: `${UNIT_FOLDER}/${name}`, content },
        { notify: [{ service: name, action: 'restart' }] },
      ),
      service.of({ name }),
    ]),
  ];
}

function declarationOf(wish: AcmeWish, trust: string | undefined): string | Secret {
  const { name, names, authority, authorityName, challenge, keyType, email, eab } = wish;
  const declaration = {
    format: FORMAT,
    name,
    names,
    directory: authority.directory,
    authority: authorityName,
    ...(authority.staging === undefined ? {} : { staging: authority.staging }),
    ...(trust === undefined ? {} : { trust }),
    ...(email === undefined ? {} : { email }),
    ...(eab === undefined ? {} : { eab }),
    keyType,
    challenge: withZones(challenge, names),
  };
  const isSecret = eab !== undefined || (challenge.type === 'dns-01' && challenge.key !== undefined);
  return isSecret ? secretJson(declaration) : `${JSON.stringify(declaration, null, 2)}\n`;
}

/** One zone for all names is said name by name. */
function withZones(challenge: AcmeChallenge, names: readonly string[]): object {
  if (challenge.type !== 'dns-01' || challenge.zone === undefined) return challenge;
  const { zone, ...rest } = challenge;
  return { ...rest, zones: Object.fromEntries(names.map((name) => [name, zone])) };
}
