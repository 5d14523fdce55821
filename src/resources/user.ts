import { z } from 'zod';
import { absolutePath, oneLine, userName } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { accountName } from './shared/account.ts';
import { userStep } from './user/step.ts';

/** passwd(5) has colons between its fields. */
const noColon = (value: string) => !value.includes(':');

const schema = z.strictObject({
  name: userName(),
  /** An account for a program: no home is made and nobody logs in, unless said otherwise. */
  system: z.boolean().default(false),
  home: absolutePath().refine(noColon, 'the path of a home must not hold a colon').optional(),
  shell: absolutePath().refine(noColon, 'the path of a shell must not hold a colon').optional(),
  comment: oneLine()
    .refine((value) => !/[:,]/.test(value), 'a comment must not hold a colon or a comma')
    .optional(),
  groups: z.array(accountName()).default([]),
  createHome: z.boolean().optional(),
});

export type UserSpec = z.output<typeof schema>;

/** An account as passwd(5) and group(5) have it. */
export interface UserAccount {
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  /** Every group, the primary one included. */
  readonly groups: readonly string[];
  readonly homeExists: boolean;
}

export type UserState = UserAccount | 'absent';

/** An account. Only what the spec names is compared; groups are added, never taken away. */
export const kind = defineKind({
  name: 'user',
  describe: 'An account, its home, shell and the groups it belongs to. Never a password.',
  schema,
  key: (spec) => spec.name,

  // One getent and one id for all accounts: the accounts that exist, an empty line, their groups.
  observe: (specs) => sh`getent passwd -- ${specs.map((spec) => spec.name)} | {
  hw_found=
  while IFS= read -r hw_line; do
    hw_home=\${hw_line%:*}
    if [ -d "\${hw_home##*:}" ]; then printf '1:%s\n' "$hw_line"; else printf '0:%s\n' "$hw_line"; fi
    hw_found="$hw_found \${hw_line%%:*}"
  done
  echo
  [ -z "$hw_found" ] || id -Gnz -- $hw_found 2>/dev/null || :
}`,

  parse(output, specs) {
    const text = output.toString();
    const end = text.startsWith('\n') ? 0 : text.indexOf('\n\n') + 1;
    if (text[end] !== '\n') throw new HostError('The host sent an incomplete list of accounts');
    const groups = text.slice(end + 1).split('\0\0');
    const accounts = new Map(
      text
        .slice(0, end)
        .split('\n')
        .filter((line) => line !== '')
        .map((line, index) => account(line, groups[index] ?? '')),
    );
    return specs.map(({ name }): UserState => accounts.get(name) ?? 'absent');
  },

  diff(spec, state, { remembered, adopted }) {
    if (state === 'absent') return { action: 'create', summary: creation(spec) };
    const changes = differences(spec, state);
    if (changes.length === 0) return undefined;
    return {
      action: 'update',
      summary: changes.join(', '),
      ...(remembered === undefined && { touchesForeign: true, ...(!adopted && { conflict: 'adopt' }) }),
    };
  },

  step: userStep,
});

function account(line: string, groups: string): readonly [string, UserAccount] {
  const [homeExists, name = '', , , , comment = '', home = '', shell = ''] = line.split(':');
  return [
    name,
    {
      comment: comment.split(',')[0] ?? '',
      home,
      shell,
      groups: groups.split('\0').filter((group) => group !== ''),
      homeExists: homeExists === '1',
    },
  ];
}

function creation({ system, shell, home, groups }: UserSpec): string {
  return [
    system ? 'create system user' : 'create user',
    ...(shell ? [`shell ${shell}`] : []),
    ...(home ? [`home ${home}`] : []),
    ...(groups.length > 0 ? [`in ${groups.join(', ')}`] : []),
  ].join(', ');
}

function differences(spec: UserSpec, state: UserAccount): readonly string[] {
  const fields = (['home', 'shell', 'comment'] as const).flatMap((field) => {
    const wanted = spec[field];
    if (wanted === undefined || wanted === state[field]) return [];
    return [`set ${field} ${wanted} (was ${state[field] || 'empty'})`];
  });
  const missing = spec.groups.filter((group) => !state.groups.includes(group));
  return [
    ...fields,
    ...(missing.length > 0 ? [`add to ${missing.join(', ')}`] : []),
    ...(spec.createHome && !state.homeExists && spec.home === undefined ? [`make home ${state.home}`] : []),
  ];
}
