/**
 * The keeper of a machine: a small shell process that runs systemd-nspawn, and starts it again when the machine
 * reboots. The machine's root is mounted where only its own processes see it, so the mount ends with them.
 */
import { joinShell, type Shell, sh } from '../quote.ts';

export interface Keep {
  /** Name of the machine for nspawn and of its network namespace. */
  readonly machine: string;
  readonly hostname: string;
  /** Folder of the image, and those of the machine's own layer. */
  readonly image: string;
  readonly upper: string;
  readonly work: string;
  readonly root: string;
  /** The machine's control groups, one a hierarchy. */
  readonly groups: readonly string[];
  /** What to run in it; it boots with systemd if empty. */
  readonly argv: readonly string[];
  /** A file whose presence means: the machine was cut off from power, start it again. */
  readonly powerCut: string;
  /** What to do before the machine starts again: a kernel that starts has forgotten its network. */
  readonly renew: Shell;
}

/** What nspawn exits with when the machine was rebooted (systemd-nspawn(1), EXIT STATUS). */
const REBOOT = 133;

/**
 * The keeper's script. Each start has a control group of its own, since one that has passed controllers on to its
 * children can have no processes any more (cgroups(7), "no internal processes").
 */
export function keeperScript({ groups, powerCut, hostname, renew, ...machine }: Keep): Shell {
  const each = (step: (group: string) => Shell): Shell => joinShell(groups.map(step), '\n  ');
  return sh`set -u
${each((group) => sh`echo $$ > ${group}/keeper/cgroup.procs || exit 1`)}
start=1
while :; do
  ${each((group) => sh`mkdir ${group}/start.$start || exit 1`)}
  unshare --mount --propagation slave sh -c ${startScript({ ...machine, groups, hostname }).text} sh "$start" </dev/null
  code=$?
  ${each((group) => sh`find ${group}/start.$start -depth -type d -exec rmdir {} \; 2>/dev/null`)}
  echo hostwright: ${hostname} ended with "$code"
  if [ -e ${powerCut} ]; then rm -f ${powerCut}
  elif [ "$code" != ${REBOOT} ]; then exit "$code"
  fi
  start=$((start + 1))
  ${renew}
done
`;
}

/** One start: from here on nothing of it is seen outside, and all of it ends with the machine. */
function startScript(keep: Omit<Keep, 'powerCut' | 'renew'>): Shell {
  const { machine, hostname, image, upper, work, root, groups, argv } = keep;
  return sh`set -e
${joinShell(groups.map((group) => sh`echo $$ > ${group}/start.$1/cgroup.procs`))}
mount -t overlay overlay -o ${`lowerdir=${image},upperdir=${upper},workdir=${work}`} ${root}
stat -c inode-%d:%i ${root} > ${lockNameFile(root)}
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
exec systemd-nspawn --quiet --settings=no --register=no --keep-unit --console=pipe \
  --directory=${root} --machine=${machine} --hostname=${hostname} \
  --network-namespace-path=${`/run/netns/${machine}`} --capability=CAP_NET_ADMIN \
  --resolv-conf=off --timezone=off --link-journal=no ${argv.length === 0 ? ['--boot'] : ['--as-pid2', '--', ...argv]}`;
}

/** Holds the name of the lock that nspawn takes on the root: it stays where nspawn was killed. */
export const lockNameFile = (root: string): string => `${root}.lock-name`;
