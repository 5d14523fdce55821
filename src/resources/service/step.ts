import { joinShell, type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import type { ServiceSpec } from '../service.ts';
import { slot } from '../shared/slot.ts';
import { areStopped, giveBack, noteReplaced, stopReplaced } from './replaced.ts';
import { noteResolving, proveResolving } from './resolving.ts';
import { isMasked, type ServiceState, unitOf } from './unit.ts';

/** Lines of the journal that are shown when a service does not start. */
const JOURNAL_LINES = 20;

/** Seconds that a service which counts as started once it was forked gets to fail. */
const GRACE = 0.3;

/** What runs on the host to start, stop, enable or disable a unit. */
export function serviceStep(spec: ServiceSpec, state: ServiceState): Step {
  const unit = unitOf(spec);
  const before = slot('service', spec.name);
  const units = (spec.replaces ?? []).map((name) => unitOf({ name }));
  return {
    converged: joinShell([isEnabled(spec), isRunning(spec), ...areStopped(units)], ' &&\n'),
    unmoved: isMasked(state)
      ? sh`:`
      : sh`case $(systemctl show --value --property=UnitFileState -- ${unit}) in masked*) exit 1 ;; esac`,
    record: sh`systemctl show --no-pager --property=ActiveState,UnitFileState -- ${unit} >${before}
[ -e ${stampOf(unit)} ] || : >${before}.unstamped
${noteReplaced(spec.name, units)}`,
    change: joinShell([prepare(spec, state), setEnabled(spec), setRunning(spec)]),
    // It has to be gone before the others can have again what both need.
    undo:
      units.length > 0
        ? sh`( ${undo(unit, before)}
) || exit 1
${giveBack(spec.name, units)}`
        : undo(unit, before),
    remember: `${spec.enabled ? 'enabled' : 'disabled'} ${spec.running ? 'running' : 'stopped'}`,
  };
}

function isEnabled(spec: ServiceSpec): Shell {
  const file = sh`"$(systemctl show --value --property=UnitFileState -- ${unitOf(spec)})"`;
  return spec.enabled
    ? sh`case ${file} in enabled | static | indirect | generated | alias | transient) ;; *) false ;; esac`
    : sh`case ${file} in enabled* | alias) false ;; esac`;
}

function isRunning(spec: ServiceSpec): Shell {
  const active = sh`"$(systemctl show --value --property=ActiveState -- ${unitOf(spec)})"`;
  return spec.running
    ? sh`case ${active} in active | reloading) ;; *) false ;; esac`
    : sh`case ${active} in inactive | failed) ;; *) false ;; esac`;
}

/** A folder of drop-ins that is new is not seen by systemd (252) when it loads a unit for the first time, nor missed. */
function prepare(spec: ServiceSpec, state: ServiceState): Shell {
  const unit = unitOf(spec);
  return sh`umask 022
if [ "$(systemctl show --value --property=NeedDaemonReload -- ${unit})" = yes ] ||
  [ "$(systemctl show --value --property=LoadState -- ${unit})" = not-found ] ||
  [ -d ${`/etc/systemd/system/${unit}.d`} ]; then
  systemctl daemon-reload || exit 1
fi
${isMasked(state) ? sh`systemctl --quiet unmask -- ${unit} || exit 1` : sh``}
case $(systemctl show --value --property=LoadState -- ${unit}) in
not-found) hw_fail ${`There is no unit ${unit} on this host: declare the package that brings it before the service`} ;;
masked) ${spec.enabled || spec.running ? sh`hw_fail ${`${unit} is masked: someone switched it off on purpose. To allow it: systemctl unmask ${unit}`}` : sh`:`} ;;
esac`;
}

function setEnabled(spec: ServiceSpec): Shell {
  const verb = spec.enabled ? 'enable' : 'disable';
  return sh`if ! { ${isEnabled(spec)}; }; then systemctl --quiet ${verb} -- ${unitOf(spec)} || exit 1; fi`;
}

function setRunning(spec: ServiceSpec): Shell {
  const unit = unitOf(spec);
  if (!spec.running) return sh`systemctl stop -- ${unit}`;
  const { keepsResolving: names = [], replaces = [] } = spec;
  const units = replaces.map((name) => unitOf({ name }));
  // Whatever goes wrong from here on, the others serve again.
  const back =
    units.length > 0
      ? sh`systemctl --quiet disable --now -- ${unit} || :
( ${giveBack(spec.name, units)} ) || :`
      : sh``;
  return sh`${spec.validate ? validated(spec.name, spec.validate) : sh``}
${names.length > 0 ? noteResolving(names) : sh``}
${stopReplaced(unit, units)}
systemctl reset-failed -- ${unit} 2>/dev/null || :
if systemctl start -- ${unit}; then
  case $(systemctl show --value --property=Type -- ${unit}) in simple | exec | idle) sleep ${GRACE} ;; esac
fi
if ! { ${isRunning(spec)}; }; then
  journalctl --no-pager --quiet --output=cat ${`--lines=${JOURNAL_LINES}`} ${`--unit=${unit}`} >&2 || :
  ${back}
  hw_fail ${`${unit} did not start: its last words are above, all of them in: journalctl -u ${unit}`}
fi
${names.length > 0 ? proveResolving(unresolved(unit, back)) : sh``}`;
}

/** A host that cannot look up names any more cannot fetch its upgrades either; not after the next boot either. */
function unresolved(unit: string, back: Shell): Shell {
  return sh`systemctl --quiet disable --now -- ${unit} || :
${back}
hw_fail ${`Once ${unit} ran, this host could no longer look up`}" $hw_name, "${`which it could before: so it was stopped and disabled again.`}`;
}

function validated(name: string, command: readonly string[]): Shell {
  return sh`hw_said=$(${command} </dev/null 2>&1) || {
  printf '%s\n' "$hw_said" >&2
  hw_fail ${`${name} was not started: ${command.join(' ')} refuses its configuration`}
}`;
}

/**
 * Back to what it was. A unit that did not exist then is stopped and disabled, if it still is there; one that a generator
 * has enabled, as that of PostgreSQL does, goes on being enabled by that alone.
 */
function undo(unit: string, before: Shell): Shell {
  return sh`if [ "$(systemctl show --value --property=LoadState -- ${unit})" = not-found ]; then exit 0; fi
case $(cat ${before}) in
*UnitFileState=enabled-runtime*) systemctl --quiet disable -- ${unit} ;;
*UnitFileState=enabled*) systemctl --quiet enable -- ${unit} ;;
*UnitFileState=disabled* | *UnitFileState=) systemctl --quiet disable -- ${unit} ;;
esac || exit 1
case $(cat ${before}) in
*ActiveState=active* | *ActiveState=reloading* | *ActiveState=activating*) systemctl start -- ${unit} ;;
*) systemctl stop -- ${unit} ;;
esac || exit 1
case $(cat ${before}) in
*UnitFileState=masked*) systemctl --quiet mask -- ${unit} ;;
esac
[ ! -e ${before}.unstamped ] || rm -f -- ${stampOf(unit)}`;
}

/** Where systemd notes when a timer has last elapsed (Persistent= in systemd.timer(5)). */
function stampOf(unit: string): string {
  return `/var/lib/systemd/timers/stamp-${unit}`;
}
