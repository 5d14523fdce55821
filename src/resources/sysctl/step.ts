import { type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import { slot } from '../shared/slot.ts';
import type { SysctlSpec } from '../sysctl.ts';
import { keyPath, ownFile, ownText } from './files.ts';
import type { SysctlState } from './parse.ts';

/** What runs on the host to set a kernel setting now and for the next boot. */
export function sysctlStep(spec: SysctlSpec, state: SysctlState): Step {
  const path = keyPath(spec.key);
  const file = ownFile(spec.key);
  const before = slot('sysctl', spec.key);
  const isSet = holds(path, spec.value);
  return {
    // A shell drops the final newline of what it reads, of the file as of the text.
    converged: sh`${isSet} && [ -f ${file} ] && [ "$(cat -- ${file})" = ${ownText(spec).trimEnd()} ]`,
    unmoved: state.runtime === undefined ? sh`:` : holds(path, state.runtime),
    record: sh`hw_keep ${file} && { [ ! -e ${path} ] || cat -- ${path} >${before}; }`,
    // The kernel first: a value that it refuses must not wait in a file for the next boot.
    change: sh`[ -e ${path} ] || hw_fail ${`This kernel has no setting ${spec.key}: the name is wrong, or the module that brings it is not loaded`}
if ! { ${isSet}; }; then
  printf '%s\n' ${spec.value} 2>/dev/null >${path} || {
    if [ ! -w ${path} ] && systemd-detect-virt --container --quiet; then
      hw_fail ${`${spec.key} cannot be set here: this host is a container, and the setting belongs to the machine that it runs on`}
    fi
    hw_fail ${`The kernel refused ${spec.value} for ${spec.key}`}
  }
  ${isSet} || hw_fail ${`${spec.key} was set to ${spec.value}, but the kernel made something else of it: see ${path}`}
fi
[ -d /etc/sysctl.d ] || mkdir -m 0755 -- /etc/sysctl.d || exit 1
hw_text=$(mktemp) && printf '%s' ${ownText(spec)} >"$hw_text" || exit 1
hw_put "$hw_text" ${file} 0644 root root || exit 1
rm -f -- "$hw_text"`,
    undo: sh`hw_restore ${file}
if [ -s ${before} ]${stillNeeded(spec.key)}; then cat -- ${before} >${path}; fi`,
    remember: spec.value,
  };
}

/** Passing packets on is not switched off under Docker, virtual machines or a VPN that came meanwhile: they need it now. */
function stillNeeded(key: string): Shell {
  if (!/^net\.ipv[46]\.(?:ip_forward|conf\.all\.forwarding)$/.test(key)) return sh``;
  return sh` && [ ! -S /run/docker.sock ] && ! ip -o link show 2>/dev/null | grep -qE ': (docker|br-|virbr|lxcbr|wg|tun)[^ ]*:'`;
}

/** Shell that is true while the kernel holds `value`, its blanks and tabs taken as one. */
function holds(path: string, value: string): Shell {
  return sh`[ -e ${path} ] && [ "$(tr -s '\t ' '  ' <${path} | sed 's/^ //; s/ $//')" = ${value} ]`;
}
