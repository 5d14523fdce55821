import { STATE_DIRECTORY } from '../../connect/program.ts';
import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';
import { CONFFILES_FILE, REBOOT_FILE, UPGRADES_FILE } from '../upgrades/files.ts';

/** Upgrades that come by themselves. */
export interface Upgrades {
  /** The package unattended-upgrades is installed. */
  readonly installed: boolean;
  /** hostwright has made the policy: our file is there, or was until somebody removed it. */
  readonly ours: boolean;
  /** What others have set, the last word on each setting; its name as apt writes it, in small letters. */
  readonly settings: Readonly<Record<string, AptSetting>>;
  /** The file in which somebody else tells dpkg what to do with settings that were changed. */
  readonly confFiles?: string;
}

export interface AptSetting {
  readonly value: string;
  /** Path. */
  readonly file: string;
}

const OURS: readonly string[] = [CONFFILES_FILE, REBOOT_FILE, UPGRADES_FILE];

export const fact = defineFact<Upgrades>({
  onRequest: true,
  script: sh`echo '##package'; dpkg-query -W -f='\${db:Status-Abbrev}\n' unattended-upgrades 2>/dev/null
echo '##ours'; if [ -e ${UPGRADES_FILE} ]; then echo there; fi
sed -n ${`s|^file:${UPGRADES_FILE}\t||p`} ${`${STATE_DIRECTORY}/remembered`} 2>/dev/null | tail -n 1
echo '##settings'; cd /etc/apt && grep -HsE '^[^/#]*(Periodic|Unattended-Upgrade|--force-conf)' apt.conf apt.conf.d/*
true`,
  parse(output) {
    const part = sections(output);
    const settings = new Map<string, AptSetting>();
    let confFiles: string | undefined;
    for (const line of part('settings').split('\n')) {
      const at = line.indexOf(':');
      const file = `/etc/apt/${line.slice(0, at)}`;
      if (at < 0 || OURS.includes(file)) continue;
      const text = line.slice(at + 1);
      if (text.includes('--force-conf')) confFiles = file;
      const [, name = '', value = ''] = /([A-Za-z][A-Za-z:-]*[A-Za-z])\s+"([^"]*)"/.exec(text) ?? [];
      if (name !== '') settings.set(name.toLowerCase(), { value, file });
    }
    return {
      installed: /^.[itW]/.test(part('package')),
      ours: part('ours').trim() !== '',
      settings: Object.fromEntries(settings),
      ...(confFiles === undefined ? {} : { confFiles }),
    };
  },
});
