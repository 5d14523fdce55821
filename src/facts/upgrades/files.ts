/** Our policy on upgrades that nobody starts; it comes after Debian's own 20auto-upgrades and 50unattended-upgrades. */
export const UPGRADES_FILE = '/etc/apt/apt.conf.d/52hostwright-upgrades';

/** What dpkg does about settings that were changed: nothing that asks. */
export const CONFFILES_FILE = '/etc/apt/apt.conf.d/52hostwright-conffiles';

/** When upgrades may restart the machine, where the policy is somebody else's. */
export const REBOOT_FILE = '/etc/apt/apt.conf.d/53hostwright-reboot';
