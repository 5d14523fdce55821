import { RUNTIME_DIRECTORY } from '../../connect/program.ts';
import { sh } from '../../quote.ts';

const FOLDER = `${RUNTIME_DIRECTORY}/packages`;
const POLICY = '/usr/sbin/policy-rc.d';
const MARK = '# Put here by hostwright for the time in which it installs packages.';

/**
 * What invoke-rc.d(8) and deb-systemd-invoke ask before they start a service that a package brings. The lock is held
 * by the run and ends with it, however it ends: without a run, this answers as if it were not there.
 */
const policy = `#!/bin/sh
${MARK}
# A service that did not run before is started once it is configured, not before. Safe to remove.
hold=${FOLDER}
[ -e "$hold/lock" ] || exit 0
flock -n "$hold/lock" true && exit 0
while [ "\${1#--}" != "$1" ]; do shift; done
case \${2-} in *start*) ;; *) exit 0 ;; esac
unit=$1
case $unit in
*.timer | *.path | *.target | *.mount) exit 0 ;;
*.service | *.socket) ;;
*) unit=$unit.service ;;
esac
grep -qxF -e "$unit" "$hold/active" && exit 0
systemctl is-active --quiet -- "$unit" && exit 0
printf '%s\\n' "$unit" >>"$hold/held"
exit 101
`;

/** Shell functions: between `hw_hold` and `hw_release`, what apt installs does not start by itself. */
export const holdServices = sh`
# hw_hold: a policy of the administrator's own is left in place, and then decides.
hw_hold() {
  mkdir -p -m 700 -- ${FOLDER} || return 1
  if [ -e ${POLICY} ] || [ -L ${POLICY} ]; then
    [ -f ${POLICY} ] && [ ! -L ${POLICY} ] && grep -qxF -e ${MARK} ${POLICY} || return 0
  fi
  exec 9>${FOLDER}/lock
  flock -n 9 || return 1
  systemctl list-units --no-legend --plain --state=active,activating,reloading 2>/dev/null | cut -d' ' -f1 >${FOLDER}/active
  printf '%s' ${policy} >${POLICY}.hostwright && chmod 0755 ${POLICY}.hostwright &&
    mv -fT ${POLICY}.hostwright ${POLICY}
}
hw_release() {
  rm -f -- ${POLICY}.hostwright
  if [ -f ${POLICY} ] && grep -qxF -e ${MARK} ${POLICY}; then rm -f ${POLICY}; fi
  exec 9>&-
}
`;

/**
 * Shell that starts what was held back and nobody configured: a service that a package brought along, say. To be run
 * once everything else is in place; what is disabled by then, or runs already, is left alone.
 */
export const startHeld = sh`if [ -s ${FOLDER}/held ]; then
  sort -u ${FOLDER}/held | while IFS= read -r hw_unit; do
    if systemctl is-enabled --quiet -- "$hw_unit" 2>/dev/null && ! systemctl is-active --quiet -- "$hw_unit" &&
      ! systemctl is-failed --quiet -- "$hw_unit"; then
      systemctl start -- "$hw_unit" || printf '%s\n' "$hw_unit did not start" >&2
    fi
  done
  rm -f ${FOLDER}/held
fi`;
