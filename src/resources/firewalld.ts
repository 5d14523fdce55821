import { z } from 'zod';
import { cidr, oneLine, port } from '../compose/inputs.ts';
import { portText } from '../compose/port-range.ts';
import { HostError } from '../errors.ts';
import { familyOf } from '../facts/address.ts';
import { sections } from '../facts/sections.ts';
import { type Shell, sh } from '../quote.ts';
import { type Difference, defineKind, type Step } from './kind.ts';

const schema = z.strictObject({
  /** The zone that decides about the interface. */
  zone: z.string().regex(/^[A-Za-z0-9_-]{1,17}$/),
  rules: z.array(
    z.strictObject({
      protocol: z.enum(['tcp', 'udp']),
      port: port(),
      /** The last one of a range; absent: `port` alone. */
      lastPort: port().exactOptional(),
      from: z.union([z.literal('any'), cidr()]),
      why: oneLine(),
    }),
  ),
});

type FirewalldSpec = z.output<typeof schema>;

/** Rich rules of ours, as firewalld lists them. */
interface FirewalldState {
  readonly runtime: readonly string[];
  readonly permanent: readonly string[];
}

/**
 * firewalld's rules have no comment, so ours are told by a priority that nobody else uses. It is a positive one: such
 * rules come after the zone's own, so that what the administrator denies stays denied.
 */
const PRIORITY = 'priority="22500"';

/** hostwright's rich rules in one zone of firewalld, at run time and permanent. */
export const kind = defineKind({
  name: 'firewalld',
  describe: 'The rich rules with priority 22500 in one zone of firewalld.',
  schema,
  key: ({ zone }) => zone,

  observe: (specs) => sh`for hw_zone in ${specs.map(({ zone }) => zone)}; do
  printf '##runtime-%s\n' "$hw_zone"; ${ours(sh``)}
  printf '##permanent-%s\n' "$hw_zone"; ${ours(sh`--permanent`)}
done; echo '##end'`,

  parse: (output: Buffer, specs: readonly FirewalldSpec[]): readonly FirewalldState[] => {
    const text = output.toString('utf8');
    if (!text.includes('##end')) throw new HostError("The host's answer about firewalld was cut off.");
    const part = sections(text.replaceAll('_', '-'));
    const rules = (name: string): string[] =>
      part(name)
        .split('\n')
        .filter((line) => line !== '')
        .sort();
    return specs.map(({ zone }) => ({
      runtime: rules(`runtime-${zone.replaceAll('_', '-')}`),
      permanent: rules(`permanent-${zone.replaceAll('_', '-')}`),
    }));
  },

  diff: (spec: FirewalldSpec, { runtime, permanent }: FirewalldState): Difference | undefined => {
    const wanted = richRules(spec);
    const [now, later] = [delta(wanted, runtime), delta(wanted, permanent)];
    const add = union(now.add, later.add);
    const remove = union(now.remove, later.remove);
    if (add.length + remove.length === 0) return undefined;
    const parts = [
      ...(add.length > 0 ? [`add ${count(add.length)}`] : []),
      ...(remove.length > 0 ? [`remove ${count(remove.length)}`] : []),
    ];
    return {
      action: runtime.length + permanent.length === 0 ? 'create' : 'update',
      summary: `${parts.join(', ')} in firewalld's zone ${spec.zone}`,
      diff: [...remove.map((rule) => `-${rule}`), ...add.map((rule) => `+${rule}`)].join('\n'),
    };
  },

  step: (spec: FirewalldSpec): Step => {
    const wanted = `${richRules(spec).join('\n')}\n`;
    const zone = sh`hw_zone=${spec.zone}`;
    const files = [`/etc/firewalld/zones/${spec.zone}.xml`, `/etc/firewalld/zones/${spec.zone}.xml.old`];
    return {
      converged: sh`${zone}
hw_wanted=$(printf '%s' ${wanted} | sort)
[ "$(${ours(sh``)} | sort)" = "$hw_wanted" ] && [ "$(${ours(sh`--permanent`)} | sort)" = "$hw_wanted" ]`,
      unmoved: sh`firewall-cmd --state >/dev/null 2>&1 || hw_fail 'firewalld has been stopped meanwhile.'`,
      record: sh`${zone}
for hw_path in ${files}; do hw_keep "$hw_path" || exit 1; done
${ours(sh``)} >"$HW_BEFORE/firewalld-$hw_zone"
${ours(sh`--permanent`)} >"$HW_BEFORE/firewalld-$hw_zone.permanent"`,
      change: sh`${zone}
${MAKE_SAME}
printf '%s' ${wanted} >"$HW_BEFORE/firewalld-$hw_zone.wanted" || exit 1
hw_make_same "$HW_BEFORE/firewalld-$hw_zone.wanted" && hw_make_same "$HW_BEFORE/firewalld-$hw_zone.wanted" --permanent`,
      // firewalld may not be running (early boot): it then reads the files that are put back here. While it runs it has
      // the permanent rules in memory as well.
      undo: sh`${zone}
${MAKE_SAME}
hw_undone=0
if firewall-cmd --state >/dev/null 2>&1; then
  hw_make_same "$HW_BEFORE/firewalld-$hw_zone" || hw_undone=1
  hw_make_same "$HW_BEFORE/firewalld-$hw_zone.permanent" --permanent || hw_undone=1
fi
for hw_path in ${files}; do hw_restore "$hw_path" || hw_undone=1; done
[ "$hw_undone" = 0 ]`,
    };
  },
});

/** Lists our rules of the zone `"$hw_zone"`, one a line; an empty list is no failure. */
function ours(option: Shell): Shell {
  return sh`{ firewall-cmd ${option} --zone="$hw_zone" --list-rich-rules | grep -F ${PRIORITY} || :; }`;
}

/** hw_make_same FILE [--permanent]: gives the zone the rules in FILE and no other of ours. No reload: it would drop what others set at run time. */
const MAKE_SAME = sh`hw_make_same() {
  hw_now=$(firewall-cmd \${2:+"$2"} --zone="$hw_zone" --list-rich-rules | grep -F ${PRIORITY}) || :
  printf '%s\n' "$hw_now" | while IFS= read -r hw_rule; do
    [ -z "$hw_rule" ] || grep -qxF -e "$hw_rule" "$1" ||
      firewall-cmd -q \${2:+"$2"} --zone="$hw_zone" --remove-rich-rule="$hw_rule" || exit 1
  done || return 1
  while IFS= read -r hw_rule; do
    printf '%s\n' "$hw_now" | grep -qxF -e "$hw_rule" ||
      firewall-cmd -q \${2:+"$2"} --zone="$hw_zone" --add-rich-rule="$hw_rule" || return 1
  done <"$1"
}`;

/** In the spelling in which firewalld lists them. */
function richRules({ rules }: FirewalldSpec): readonly string[] {
  const written = rules.map((rule) => {
    const { protocol, from } = rule;
    const family = familyOf(from.split('/')[0] ?? '') === 4 ? 'ipv4' : 'ipv6';
    const source = from === 'any' ? '' : ` family="${family}" source address="${from}"`;
    return `rule ${PRIORITY}${source} port port="${portText(rule)}" protocol="${protocol}" accept`;
  });
  return [...new Set(written)].sort();
}

function delta(wanted: readonly string[], found: readonly string[]): { add: string[]; remove: string[] } {
  return {
    add: wanted.filter((rule) => !found.includes(rule)),
    remove: found.filter((rule) => !wanted.includes(rule)),
  };
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort();
}

function count(number: number): string {
  return number === 1 ? '1 rule' : `${number} rules`;
}
