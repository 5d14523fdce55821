import { HostError } from '../../errors.ts';
import { joinShell, type Shell, sh } from '../../quote.ts';
import type { NftTableSpec, NftTableState } from '../nft-table.ts';
import { dockerAccepts } from './docker.ts';
import { placesOf } from './files.ts';

/**
 * True when the kernel has what the file says. The file is loaded into an empty network namespace for that, which lives as
 * long as the command. Where there are no namespaces (some containers), the table's presence has to do.
 */
export function liveAsFile(table: string, path: string): Shell {
  return sh`{ hw_live=$(nft -s list table inet ${table} 2>/dev/null) &&
  { hw_wanted=$(unshare -n sh -c 'nft -f "$1" && nft -s list table inet "$2"' sh ${path} ${table} 2>/dev/null) ||
    hw_wanted=$hw_live; } && [ "$hw_live" = "$hw_wanted" ]; }`;
}

/** Reads files, units and what the kernel has, a line of words for each table. */
export function observeTables(specs: readonly NftTableSpec[]): Shell {
  return joinShell(specs.map(observeOne));
}

function observeOne(spec: NftTableSpec): Shell {
  const { table, rules, unit, unitName, link } = placesOf(spec);
  return sh`hw_sum() {
  if [ -L "$1" ]; then echo other
  elif [ ! -e "$1" ]; then echo none
  elif [ -f "$1" ] && [ "$(stat -c '%a %U %G' -- "$1")" = '644 root root' ]; then sha256sum <"$1" | cut -c1-64
  else echo other; fi
}
hw_kernel=absent
if nft list table inet ${table} >/dev/null 2>&1; then
  if ${liveAsFile(table, rules.path)}; then hw_kernel=same; else hw_kernel=differs; fi
fi
hw_docker=no; if ${dockerAccepts(spec)}; then hw_docker=yes; fi
hw_enabled=no; if [ -L ${link} ]; then hw_enabled=yes; fi
hw_active=no; if systemctl -q is-active ${unitName} 2>/dev/null; then hw_active=yes; fi
echo "table $(hw_sum ${rules.path}) $(hw_sum ${unit.path}) $hw_enabled $hw_active $hw_kernel $hw_docker"`;
}

/** Pure. */
export function parseTables(output: Buffer, specs: readonly NftTableSpec[]): readonly NftTableState[] {
  const states = output.toString('utf8').split('\n').filter(Boolean).map(parseLine);
  if (states.length !== specs.length) throw misunderstood('');
  return states;
}

function parseLine(line: string): NftTableState {
  const match =
    /^table (other|none|[0-9a-f]{64}) (other|none|[0-9a-f]{64}) (yes|no) (yes|no) (absent|same|differs) (yes|no)$/.exec(
      line,
    );
  if (!match) throw misunderstood(line);
  const [, rules = '', unit = '', enabled, active, kernel, docker] = match;
  return {
    rules,
    unit,
    enabled: enabled === 'yes',
    active: active === 'yes',
    kernel: kernel === 'same' || kernel === 'differs' ? kernel : 'absent',
    docker: docker === 'yes',
  };
}

function misunderstood(line: string): HostError {
  return new HostError(
    `The host's answer about its nftables tables was not understood: ${line.slice(0, 200)}`,
  );
}
