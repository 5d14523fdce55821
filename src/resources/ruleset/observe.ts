import { HostError } from '../../errors.ts';
import { type Shell, sh } from '../../quote.ts';
import type { RulesetSpec, RulesetState } from '../ruleset.ts';
import { installed, LINK, PATHS, sha256, UNIT, WATCHER } from './files.ts';

/** An nft file up to this size is fetched to show a diff. Bytes. */
const SHOWN_CONTENT = 262_144;

/**
 * Reads files, units and the kernel's table. The kernel is compared with the file on the disk, which is loaded into an
 * empty network namespace for that; so there is nothing to compare before the files are as wanted.
 */
export function observeRuleset(specs: readonly RulesetSpec[]): Shell {
  const files = specs.flatMap((spec) => installed(spec));
  const wanted = files.map(({ path, content, mode }) => `${path} ${mode} root root ${sha256(content)}`);
  const rules = files.find(({ path }) => path === PATHS.rules);
  return sh`hw_same=0
for hw_path in ${Object.values(PATHS)}; do
  if [ -L "$hw_path" ]; then hw_line="$hw_path link"
  elif [ -f "$hw_path" ]; then hw_line="$hw_path $(stat -c '%a %U %G' -- "$hw_path") $(sha256sum <"$hw_path" | cut -c1-64)"
  elif [ -e "$hw_path" ]; then hw_line="$hw_path other"
  else continue; fi
  printf 'file %s\n' "$hw_line"
  case ${`\n${wanted.join('\n')}\n`} in *"
$hw_line
"*) hw_same=$((hw_same + 1)) ;; esac
done
if [ -f ${PATHS.rules} ] && [ "$(sha256sum <${PATHS.rules} | cut -c1-64)" != ${rules ? sha256(rules.content) : ''} ] &&
  [ "$(stat -c %s ${PATHS.rules})" -le ${SHOWN_CONTENT} ]; then
  printf 'old %s\n' "$(base64 -w0 <${PATHS.rules})"
fi
[ -L ${LINK} ] && echo enabled
for hw_unit in ${[UNIT, WATCHER]}; do
  systemctl -q is-active "$hw_unit" 2>/dev/null && printf 'active %s\n' "$hw_unit"
done
if ! nft list table inet hostwright >/dev/null 2>&1; then echo 'table absent'
elif [ "$hw_same" -lt ${Math.max(files.length, 1)} ]; then echo 'table unknown'
else
  hw_diff=$(sh ${PATHS.script} check 2>/dev/null)
  case $? in
    0) echo 'table same' ;;
    1) printf 'table differs %s\n' "$(printf '%s' "$hw_diff" | base64 -w0)" ;;
    *) echo 'table unknown' ;;
  esac
fi`;
}

/** Pure. */
export function parseRuleset(output: Buffer, specs: readonly RulesetSpec[]): readonly RulesetState[] {
  const files = new Map<string, string>();
  const active = new Set<string>();
  let enabled = false;
  let rules: Buffer | null = null;
  let table: RulesetState['table'] | undefined;
  let tableDiff = '';
  for (const line of output.toString('utf8').split('\n')) {
    const [label = '', ...fields] = line.split(' ');
    if (label === 'file') files.set(...fileOf(fields));
    else if (label === 'old') rules = Buffer.from(fields[0] ?? '', 'base64');
    else if (label === 'enabled') enabled = true;
    else if (label === 'active') active.add(fields[0] ?? '');
    else if (label === 'table') {
      table = tableOf(fields[0]);
      tableDiff = Buffer.from(fields[1] ?? '', 'base64').toString('utf8');
    } else if (label !== '') throw misunderstood(line);
  }
  if (!table) throw misunderstood('');
  const state: RulesetState = { files, rules, enabled, active, table, tableDiff };
  return specs.map(() => state);
}

/** A file whose owner or mode is wrong counts as different, whatever it holds. */
function fileOf([path = '', mode = '', owner = '', group = '', sum = '']: string[]): [string, string] {
  const asOurs = mode === (path === PATHS.script ? '755' : '644') && owner === 'root' && group === 'root';
  return [path, asOurs ? sum : 'other'];
}

function tableOf(word: string | undefined): RulesetState['table'] | undefined {
  return word === 'absent' || word === 'same' || word === 'differs' || word === 'unknown' ? word : undefined;
}

function misunderstood(line: string): HostError {
  return new HostError(`The host's answer about its firewall was not understood: ${line.slice(0, 200)}`);
}
