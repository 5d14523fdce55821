import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';

/** The host's idea of the time. */
export interface Clock {
  /** `Europe/Berlin`; empty when unknown. */
  readonly timezone: string;
  /** Whether there are time zones to choose from (the package tzdata). */
  readonly zones: boolean;
  /** Programs that could keep the clock right, those that are installed. */
  readonly keepers: readonly ClockKeeper[];
}

export interface ClockKeeper {
  /** `systemd-timesyncd`, `chrony`, `ntp`, `ntpsec`, `openntpd`. */
  readonly unit: string;
  readonly running: boolean;
  readonly enabled: boolean;
}

export const fact = defineFact<Clock>({
  onRequest: true,
  script: sh`echo '##zone'; readlink /etc/localtime; echo '##old'; head -n 1 /etc/timezone 2>/dev/null
echo '##zones'; if [ -e /usr/share/zoneinfo/UTC ]; then echo yes; fi
echo '##units'; systemctl show -p Id,LoadState,ActiveState,UnitFileState chrony.service ntpsec.service ntp.service openntpd.service systemd-timesyncd.service 2>/dev/null`,
  parse(output) {
    const part = sections(output);
    const link = part('zone').trim();
    const keepers = part('units')
      .split(/\n\n+/)
      .map((block) => (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? '')
      .filter((property) => property('LoadState') === 'loaded')
      .map((property) => ({
        unit: property('Id').replace(/\.service$/, ''),
        running: property('ActiveState') === 'active',
        enabled: property('UnitFileState').startsWith('enabled'),
      }));
    return {
      timezone: /\/zoneinfo\/(.+)$/.exec(link)?.[1] ?? part('old').trim(),
      zones: part('zones').trim() === 'yes',
      // ntp.service is another name of ntpsec.service there.
      keepers: keepers.filter(
        ({ unit }, index) => keepers.findIndex((other) => other.unit === unit) === index,
      ),
    };
  },
});
