import { z } from 'zod';
import { isScramVerifierOf } from '../secrets/scram.ts';
import { Secret } from '../secrets/secret.ts';
import { type DiffContext, type Difference, defineKind } from './kind.ts';
import { byCluster, clusterName, observing, parseSeen, plainName } from './postgres/psql.ts';
import { roleStep } from './postgres/role-step.ts';
import { literals } from './postgres/sql.ts';

const schema = z.strictObject({
  cluster: clusterName(),
  name: plainName('the name of a role'),
  secret: z.instanceof(Secret),
});

export type RoleSpec = z.output<typeof schema>;

const row = z.object({ name: z.string(), login: z.boolean(), password: z.string().nullable() });

/** `unknown`: the server does not run. */
export type RoleState =
  | 'absent'
  | 'unknown'
  | {
      readonly login: boolean;
      /** As pg_authid has it; empty when there is none. */
      readonly verifier: string;
    };

/** A role of PostgreSQL that logs in with a password. */
export const kind = defineKind({
  name: 'postgres-role',
  describe:
    'A role of PostgreSQL that logs in with a password of the vault. The host gets a verifier, never the password.',
  schema,
  key: ({ name }) => name,

  observe: (specs) =>
    observing(
      byCluster(specs).map(({ cluster, specs: roles }) => ({
        cluster,
        sql: `SELECT jsonb_build_object('name', rolname, 'login', rolcanlogin, 'password', rolpassword)
FROM pg_authid WHERE rolname IN (${literals(roles.map(({ name }) => name))});`,
      })),
    ),

  parse(output, specs) {
    const { rows, down } = parseSeen(output, row);
    return specs.map(({ name, cluster }): RoleState => {
      if (down.has(cluster)) return 'unknown';
      const found = rows.find((one) => one.name === name);
      return found ? { login: found.login, verifier: found.password ?? '' } : 'absent';
    });
  },

  diff({ secret }, state, context): Difference | undefined {
    if (state === 'absent')
      return { action: 'create', summary: 'make the role, with the password that the vault has' };
    if (state === 'unknown') {
      return {
        action: 'create',
        summary: 'make the role, if it is not there: PostgreSQL does not run, so nobody knows yet',
      };
    }
    if (isScramVerifierOf(state.verifier, secret.reveal())) {
      return state.login ? undefined : replacing('let it log in', state, context);
    }
    if (
      secret.earlierUnknown ||
      secret.earlier.some((one) => isScramVerifierOf(state.verifier, one.reveal()))
    )
      return { action: 'update', summary: 'set the new password that the vault has' };
    return replacing('set the password that the vault has', state, context);
  },

  step: roleStep,
});

/** The role was there before hostwright, or somebody changed it since. */
function replacing(
  what: string,
  { verifier }: Exclude<RoleState, string>,
  { remembered, adopted }: DiffContext,
): Difference {
  if (remembered !== undefined)
    return { action: 'update', summary: `${what} (it was changed on the host since)`, conflict: 'edited' };
  return {
    action: 'update',
    summary: `${what} (the role was there before${verifier === '' ? ', without a password' : ''})`,
    touchesForeign: true,
    ...(!adopted && { conflict: 'adopt' }),
  };
}
