import { Readable } from 'node:stream';
import { joinShell, type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import type { RulesetSpec, RulesetState } from '../ruleset.ts';
import { type Installed, installed, LINK, PATHS, sha256, UNIT, WATCHER } from './files.ts';

const ALL = Object.values(PATHS);
const FOLDERS = ['/etc/hostwright', '/usr/local/lib/hostwright'];

/** One step for file, units and table together: half of a firewall is worse than none. */
export function rulesetStep(spec: RulesetSpec, state: RulesetState): Step {
  const files = installed(spec);
  return {
    converged: joinShell([...filesAsWanted(files), spec.state === 'absent' ? GONE : running(files)], ' &&\n'),
    unmoved: joinShell(
      ALL.map((path) => unmovedFile(path, state.files.get(path))),
      ' &&\n',
    ),
    record: RECORD,
    change: spec.state === 'absent' ? REMOVE : load(files),
    undo: UNDO,
    blobs: files.map(({ content }) => {
      const bytes = Buffer.from(content);
      return { sha256: sha256(content), size: bytes.length, open: () => Readable.from([bytes]) };
    }),
    remember: files.map(({ content }) => sha256(content)).join(' '),
  };
}

function filesAsWanted(files: readonly Installed[]): Shell[] {
  return ALL.map((path) => {
    const file = files.find((candidate) => candidate.path === path);
    return file
      ? sh`hw_is_file ${path} ${sha256(file.content)} ${file.mode} root root`
      : sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  });
}

const GONE = sh`[ ! -L ${LINK} ] && ! nft list table inet hostwright >/dev/null 2>&1`;

/** `check` answers 2 when it cannot compare (a container without namespaces): then the table's presence has to do. */
function running(files: readonly Installed[]): Shell {
  const units = files.flatMap(({ unit }) => unit ?? []);
  return sh`[ -L ${LINK} ] && systemctl -q is-active ${units} && nft list table inet hostwright >/dev/null 2>&1 &&
{ sh ${PATHS.script} check now >/dev/null 2>&1 || [ $? = 2 ]; }`;
}

function unmovedFile(path: string, sum: string | undefined): Shell {
  if (sum === undefined) return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  return sum === 'other'
    ? sh`{ [ -e ${path} ] || [ -L ${path} ]; }`
    : sh`[ "$(sha256sum <${path} | cut -c1-64)" = ${sum} ]`;
}

/** The table is saved as the kernel has it, elements included: that is what must come back. */
const RECORD = sh`for hw_path in ${[...ALL, LINK]}; do hw_keep "$hw_path" || exit 1; done
nft list table inet hostwright >"$HW_BEFORE"/ruleset.table 2>/dev/null || rm -f -- "$HW_BEFORE"/ruleset.table
for hw_unit in ${[UNIT, WATCHER]}; do
  if systemctl -q is-active "$hw_unit"; then : >"$HW_BEFORE"/"$hw_unit".active; fi
done
for hw_path in ${FOLDERS}; do [ -d "$hw_path" ] || printf '%s\n' "$hw_path"; done >"$HW_BEFORE"/ruleset.folders`;

/** nft judges the new file before anything is replaced. `reload` swaps the table in one transaction; `start` is for none yet. */
function load(files: readonly Installed[]): Shell {
  const [rules] = files;
  const put = files.map(
    ({ path, content, mode }) =>
      sh`hw_put "$HW_BLOBS"/${sha256(content)} ${path} ${mode} root root || exit 1`,
  );
  const stale = ALL.filter((path) => !files.some((file) => file.path === path));
  const watched = files.some(({ unit }) => unit === WATCHER);
  return sh`nft -c -f "$HW_BLOBS"/${sha256(rules?.content ?? '')} || hw_fail 'nft refuses the new rules. Nothing was changed.'
mkdir -p -- ${FOLDERS} ${LINK.slice(0, LINK.lastIndexOf('/'))} || exit 1
${joinShell(put)}
${stale.length > 0 ? sh`systemctl stop ${WATCHER} 2>/dev/null || :; rm -f -- ${stale}` : sh`:`}
ln -sfn -- ${PATHS.unit} ${LINK} && systemctl daemon-reload || exit 1
if systemctl -q is-active ${UNIT}; then systemctl reload ${UNIT}; else systemctl start ${UNIT}; fi ||
  hw_fail 'The firewall could not be loaded: systemctl status hostwright-firewall says why.'
${watched ? sh`systemctl restart ${WATCHER}` : sh`:`}`;
}

const REMOVE = sh`systemctl stop ${WATCHER} ${UNIT} 2>/dev/null || :
nft delete table inet hostwright 2>/dev/null || :
rm -f -- ${[...ALL, LINK]} && systemctl daemon-reload
rmdir --ignore-fail-on-non-empty -- ${FOLDERS} 2>/dev/null || :`;

/**
 * Also runs at early boot, before the unit is started and with no network: so nothing waits for a unit that is ordered
 * after it, and the table in the kernel may be gone already. One thing that fails does not keep the rest from being undone.
 */
const UNDO = sh`for hw_unit in ${[WATCHER, UNIT]}; do
  [ -e "$HW_BEFORE"/"$hw_unit".active ] || systemctl stop "$hw_unit" 2>/dev/null || :
done
hw_undone=0
for hw_path in ${[...ALL, LINK]}; do hw_restore "$hw_path" || hw_undone=1; done
while IFS= read -r hw_path; do rmdir -- "$hw_path" 2>/dev/null || :; done <"$HW_BEFORE"/ruleset.folders
systemctl daemon-reload || :
if [ -e "$HW_BEFORE"/ruleset.table ]; then
  { printf 'add table inet hostwright\ndelete table inet hostwright\n'; cat "$HW_BEFORE"/ruleset.table; } | nft -f - || hw_undone=1
elif nft list table inet hostwright >/dev/null 2>&1; then
  nft delete table inet hostwright || hw_undone=1
fi
[ ! -e "$HW_BEFORE"/${WATCHER}.active ] || systemctl --no-block restart ${WATCHER} || :
[ "$hw_undone" = 0 ]`;
