import { joinShell, type Shell, sh } from '../../quote.ts';
import { slot } from '../shared/slot.ts';

/** Units that another one takes the place of, such as the name server that holds its port. */

/** Tests that each is stopped, and stays so. */
export function areStopped(units: readonly string[]): readonly Shell[] {
  return units.map(
    (
      unit,
    ) => sh`case "$(systemctl show --value --property=ActiveState -- ${unit})" in inactive | failed) ;; *) false ;; esac &&
case "$(systemctl show --value --property=UnitFileState -- ${unit})" in enabled* | alias) false ;; esac`,
  );
}

/** Keeps what each is now, for the service `name` that takes their place. */
export function noteReplaced(name: string, units: readonly string[]): Shell {
  return joinShell(
    units.map(
      (unit) =>
        sh`systemctl show --no-pager --property=ActiveState,UnitFileState -- ${unit} >${slot('service', name)}.${unit}`,
    ),
  );
}

/** Stops each. One that is running already was started beside it, and has to begin anew to get what they held. */
export function stopReplaced(taker: string, units: readonly string[]): Shell {
  if (units.length === 0) return sh``;
  return sh`systemctl --quiet disable --now -- ${units} || exit 1
systemctl stop -- ${taker} || exit 1`;
}

/** Makes each again what it was. */
export function giveBack(name: string, units: readonly string[]): Shell {
  return joinShell(
    units.map(
      (unit) => sh`if [ "$(systemctl show --value --property=LoadState -- ${unit})" != not-found ]; then
case $(cat ${slot('service', name)}.${unit}) in *UnitFileState=enabled*) systemctl --quiet enable -- ${unit} || exit 1 ;; esac
case $(cat ${slot('service', name)}.${unit}) in *ActiveState=active* | *ActiveState=reloading* | *ActiveState=activating*) systemctl start -- ${unit} || exit 1 ;; esac
fi`,
    ),
  );
}
