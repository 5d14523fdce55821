import { z } from 'zod';
import { cidr, oneLine, port } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { readUfwRules, type UfwRule } from '../facts/firewall/ufw.ts';
import { sections } from '../facts/sections.ts';
import { joinShell, type Shell, sh } from '../quote.ts';
import { type Difference, defineKind, type Step } from './kind.ts';
import { type AllowRule, liveLines, MARK, toAllowRule, tuplesOf, ufwWords } from './ufw/rule.ts';

const schema = z.strictObject({
  /** Whether ufw writes rules for IPv6 on this machine (`IPV6=yes`). */
  ipv6: z.boolean(),
  rules: z.array(
    z.strictObject({
      protocol: z.enum(['tcp', 'udp']),
      port: port(),
      /** The last one of a range; absent: `port` alone. */
      lastPort: port().exactOptional(),
      from: z.union([z.literal('any'), cidr()]),
      interface: z.string().regex(/^[A-Za-z0-9._@:-]{0,15}$/),
      why: oneLine(),
    }),
  ),
});

type UfwSpec = z.output<typeof schema>;

/** What ufw's files and the kernel have. */
interface UfwState {
  readonly rules: readonly UfwRule[];
  /** Tuples in the files, whoever wrote them. */
  readonly tuples: ReadonlySet<string>;
  readonly live: ReadonlySet<string>;
}

const FILES = ['/etc/ufw/user.rules', '/etc/ufw/user6.rules'];
const COMMENT = `comment=${Buffer.from(MARK).toString('hex')}`;

/** hostwright's rules among those of ufw. Only rules whose comment begins with "hostwright" are ever taken away. */
export const kind = defineKind({
  name: 'ufw',
  describe: 'The rules of ufw whose comment begins with "hostwright".',
  schema,
  key: () => 'hostwright',

  observe: () => sh`echo '##files'; cat ${FILES} 2>/dev/null
echo '##live'; ${LIVE}
echo '##end'`,

  parse: (output: Buffer, specs: readonly UfwSpec[]): readonly UfwState[] => {
    const text = output.toString('utf8');
    if (!text.includes('##end')) throw new HostError("The host's answer about ufw was cut off.");
    const part = sections(text);
    const tuples = Array.from(
      part('files').matchAll(/^### tuple ### (.*?)(?: comment=\S*)?$/gm),
      ([, tuple = '']) => tuple,
    );
    const live = new Set(part('live').split('\n'));
    return specs.map(() => ({ rules: readUfwRules(part('files')), tuples: new Set(tuples), live }));
  },

  diff: (spec: UfwSpec, state: UfwState): Difference | undefined => {
    const { missing, stale } = compare(spec, state);
    if (missing.length + stale.length === 0) {
      const idle = spec.rules.some((rule) =>
        liveLines(rule, spec.ipv6).some((line) => !state.live.has(line)),
      );
      return idle
        ? { action: 'update', summary: 'reload ufw: its rules in the kernel are not those of its files' }
        : undefined;
    }
    const lines = [...stale.map((rule) => `-${show(rule)}`), ...missing.map((rule) => `+${show(rule)}`)];
    const parts = [
      ...(missing.length > 0 ? [`add ${count(missing.length)}`] : []),
      ...(stale.length > 0 ? [`delete ${count(stale.length)}`] : []),
    ];
    return {
      action: state.rules.some(isOurs) ? 'update' : 'create',
      summary: `${parts.join(', ')} in ufw`,
      diff: lines.join('\n'),
    };
  },

  step: (spec: UfwSpec, state: UfwState): Step => {
    const { missing, stale } = compare(spec, state);
    const commands = [
      ...stale.map((rule) => sh`ufw --force delete allow ${ufwWords(rule)}`),
      ...missing.map((rule) => sh`ufw allow ${ufwWords(rule)} comment ${MARK + rule.why}`),
    ];
    return {
      converged: converged(spec),
      unmoved: sh`grep -q '^ENABLED=yes' /etc/ufw/ufw.conf || hw_fail 'ufw has been switched off meanwhile.'`,
      record: sh`for hw_path in ${FILES}; do hw_keep "$hw_path" || exit 1; done`,
      change: joinShell([...(commands.length > 0 ? commands : [sh`ufw reload`])], ' &&\n'),
      // At early boot ufw itself loads the files a little later; `ufw reload` is for a machine that is up.
      // What somebody has added to ufw since stays: then only our own rules go.
      undo: sh`hw_undone=0
if ${joinShell(
        FILES.map((path) => sh`hw_edited ${path}`),
        ' || ',
      )}; then
${joinShell(missing.map((rule) => sh`  ufw --force delete allow ${ufwWords(rule)} || hw_undone=1`))}
${joinShell(stale.map((rule) => sh`  ufw allow ${ufwWords(rule)} comment ${MARK + rule.why} || hw_undone=1`))}
  exit "$hw_undone"
fi
for hw_path in ${FILES}; do hw_restore "$hw_path" || hw_undone=1; done
if iptables-save -t filter 2>/dev/null | grep -q '^:ufw-user-input '; then ufw reload || hw_undone=1; fi
[ "$hw_undone" = 0 ]`,
    };
  },
});

const LIVE = sh`{ iptables-save -t filter; ip6tables-save -t filter; } 2>/dev/null | grep '^-A ufw6\{0,1\}-user-input ' || :`;

/** Everything wanted is in the files and in the kernel, and nothing of ours is there that is not wanted. */
function converged({ rules, ipv6 }: UfwSpec): Shell {
  const tuples = rules.flatMap((rule) => tuplesOf(rule, ipv6)).map((tuple) => `### tuple ### ${tuple}`);
  const lines = rules.flatMap((rule) => liveLines(rule, ipv6));
  return sh`hw_files=$(cat ${FILES} 2>/dev/null | sed -n 's/^\(### tuple ### .* in[^ ]*\).*$/\1/p')
hw_live=$(${LIVE})
hw_all() { while IFS= read -r hw_line; do printf '%s\n' "$1" | grep -qxF -e "$hw_line" || return 1; done; }
${tuples.length > 0 ? sh`printf '%s\n' ${tuples} | hw_all "$hw_files" || exit 1` : sh`:`}
${lines.length > 0 ? sh`printf '%s\n' ${lines} | hw_all "$hw_live" || exit 1` : sh`:`}
hw_ours=$(cat ${FILES} 2>/dev/null | sed -n ${`s/^\\(### tuple ### .*\\) ${COMMENT}.*$/\\1/p`})
[ -z "$hw_ours" ] || printf '%s\n' "$hw_ours" | hw_all ${['', ...tuples].join('\n')}`;
}

/** A rule of the user's that says the same is left alone and counts as there. */
function compare(spec: UfwSpec, state: UfwState): { missing: AllowRule[]; stale: AllowRule[] } {
  const missing = spec.rules.filter((rule) =>
    tuplesOf(rule, spec.ipv6).some((tuple) => !state.tuples.has(tuple)),
  );
  const wanted = new Set(spec.rules.map(identity));
  const stale = new Map<string, AllowRule>();
  for (const rule of state.rules.filter(isOurs)) {
    const own = toAllowRule(rule);
    if (own && !wanted.has(identity(own))) stale.set(identity(own), own);
  }
  return { missing, stale: [...stale.values()] };
}

function identity(rule: AllowRule): string {
  return ufwWords(rule).join(' ');
}

function isOurs({ action, comment }: UfwRule): boolean {
  return action === 'allow' && comment.startsWith(MARK);
}

function show(rule: AllowRule): string {
  return `ufw allow ${ufwWords(rule).join(' ')} comment '${MARK}${rule.why}'`;
}

function count(number: number): string {
  return number === 1 ? '1 rule' : `${number} rules`;
}
