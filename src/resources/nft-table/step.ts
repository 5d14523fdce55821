import { Readable } from 'node:stream';
import { type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import type { NftTableSpec, NftTableState } from '../nft-table.ts';
import { slot } from '../shared/slot.ts';
import { dockerAccepts } from './docker.ts';
import { FOLDER, placesOf } from './files.ts';
import { liveAsFile } from './observe.ts';

/** File, unit and table in one step. nft judges the file before anything is replaced. */
export function tableStep(spec: NftTableSpec, state: NftTableState): Step {
  const { table, rules, unit, unitName, link } = placesOf(spec);
  const before = slot('nft-table', spec.name);
  return {
    converged: sh`hw_is_file ${rules.path} ${rules.sha256} 644 root root && hw_is_file ${unit.path} ${unit.sha256} 644 root root &&
[ -L ${link} ] && systemctl -q is-active ${unitName} && ${liveAsFile(table, rules.path)} && ${dockerAccepts(spec)}`,
    unmoved: sh`${unmovedFile(rules.path, state.rules)} && ${unmovedFile(unit.path, state.unit)}`,
    record: sh`for hw_path in ${[rules.path, unit.path, link]}; do hw_keep "$hw_path" || exit 1; done
nft -s list table inet ${table} >${before}.table 2>/dev/null || rm -f -- ${before}.table
if systemctl -q is-active ${unitName}; then : >${before}.active; fi
for hw_path in /etc/hostwright ${FOLDER}; do [ -d "$hw_path" ] || printf '%s\n' "$hw_path"; done >${before}.folders`,
    change: sh`nft -c -f "$HW_BLOBS"/${rules.sha256} || hw_fail 'nft refuses the rules. Nothing was changed.'
# The unit that is to go takes away what it made, in Docker's chain too.
hw_is_file ${unit.path} ${unit.sha256} 644 root root || systemctl stop ${unitName} 2>/dev/null || :
mkdir -p -- ${FOLDER} ${link.slice(0, link.lastIndexOf('/'))} || exit 1
hw_put "$HW_BLOBS"/${rules.sha256} ${rules.path} 0644 root root || exit 1
hw_put "$HW_BLOBS"/${unit.sha256} ${unit.path} 0644 root root || exit 1
ln -sfn -- ${unit.path} ${link} && systemctl daemon-reload || exit 1
systemctl restart ${unitName} || hw_fail ${`The rules could not be loaded: systemctl status ${unitName} says why.`}`,
    // Also runs at early boot, before the unit is started: nothing waits for a unit, and the table may be gone already.
    undo: sh`hw_undone=0
[ -e ${before}.active ] || systemctl stop ${unitName} 2>/dev/null || :
for hw_path in ${[rules.path, unit.path, link]}; do hw_restore "$hw_path" || hw_undone=1; done
systemctl daemon-reload || :
if [ -e ${before}.table ]; then
  { printf 'add table inet %s\ndelete table inet %s\n' ${table} ${table}; cat ${before}.table; } | nft -f - || hw_undone=1
elif nft list table inet ${table} >/dev/null 2>&1; then
  nft delete table inet ${table} || hw_undone=1
fi
[ ! -e ${before}.active ] || systemctl --no-block restart ${unitName} || :
sort -r ${before}.folders 2>/dev/null | while IFS= read -r hw_path; do rmdir -- "$hw_path" 2>/dev/null || :; done
[ "$hw_undone" = 0 ]`,
    blobs: [rules, unit].map(({ content, sha256 }) => {
      const bytes = Buffer.from(content);
      return { sha256, size: bytes.length, open: () => Readable.from([bytes]) };
    }),
    remember: `${rules.sha256} ${unit.sha256}`,
  };
}

function unmovedFile(path: string, sum: string): Shell {
  if (sum === 'none') return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
  return sum === 'other'
    ? sh`{ [ -e ${path} ] || [ -L ${path} ]; }`
    : sh`[ "$(sha256sum <${path} | cut -c1-64)" = ${sum} ]`;
}
