import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';

/** What kind of machine it is. */
export interface Machine {
  /** systemd-detect-virt(1)'s name of the container that it is: `lxc`, `systemd-nspawn`; absent for machines of their own. */
  readonly container?: string;
  /** A laptop's lid. */
  readonly lid: boolean;
  /** cloud-init, where it runs at boot and may write names; absent elsewhere. */
  readonly cloudInit?: {
    /** Who made the machine has said what becomes of /etc/hosts, which goes before every file below /etc/cloud. */
    readonly userHosts: boolean;
  };
}

export const fact = defineFact<Machine>({
  onRequest: true,
  script: sh`echo '##container'; systemd-detect-virt --container 2>/dev/null
echo '##lid'; ls -d /proc/acpi/button/lid/*/state 2>/dev/null; grep -F '"Lid Switch"' /proc/bus/input/devices 2>/dev/null
if [ -e /etc/cloud/cloud.cfg ] && [ ! -e /etc/cloud/cloud-init.disabled ]; then
  echo '##cloud'; grep -E '^manage_etc_hosts:' /var/lib/cloud/instance/user-data.txt 2>/dev/null
fi
true`,
  parse(output) {
    const part = sections(output);
    const container = part('container').trim();
    return {
      ...(container === '' || container === 'none' ? {} : { container }),
      lid: part('lid').trim() !== '',
      ...(output.includes('##cloud') ? { cloudInit: { userHosts: part('cloud').trim() !== '' } } : {}),
    };
  },
});
