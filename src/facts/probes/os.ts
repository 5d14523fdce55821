import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';

/** Operating system of the host, from os-release(5), uname(1) and the running init. */
export interface Os {
  /** `debian`, `ubuntu`, `raspbian`…; empty when unknown. */
  readonly id: string;
  /** `12`, `24.04`. */
  readonly version: string;
  /** `bookworm`. */
  readonly codename: string;
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string;
  /** Debian's name of the architecture: `amd64`, `arm64`. */
  readonly arch: string;
  readonly hostname: string;
  /** Mebibytes, from MemTotal of proc_meminfo(5). */
  readonly memoryMiB: number;
  /** True when systemd is the running init. */
  readonly systemd: boolean;
}

export const fact = defineFact<Os>({
  script: sh`cat /etc/os-release 2>/dev/null
printf 'HW_ARCH=%s\n' "$(dpkg --print-architecture 2>/dev/null)"
printf 'HW_HOSTNAME=%s\n' "$(cat /proc/sys/kernel/hostname 2>/dev/null)"
printf 'HW_MEMORY=%s\n' "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo 2>/dev/null)"
[ -d /run/systemd/system ] && printf 'HW_SYSTEMD=1\n'`,
  parse(output) {
    const values = new Map<string, string>();
    for (const line of output.split('\n')) {
      const at = line.indexOf('=');
      if (at > 0) values.set(line.slice(0, at), unquoted(line.slice(at + 1)));
    }
    const get = (key: string): string => values.get(key) ?? '';
    return {
      id: get('ID'),
      version: get('VERSION_ID'),
      codename: get('VERSION_CODENAME'),
      name: get('PRETTY_NAME'),
      arch: get('HW_ARCH'),
      hostname: get('HW_HOSTNAME'),
      memoryMiB: Math.floor(Number(get('HW_MEMORY') || 0) / 1024),
      systemd: get('HW_SYSTEMD') === '1',
    };
  },
});

/** os-release values are shell-quoted: `"Debian"`, `'a'` or bare. */
function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value;
}
