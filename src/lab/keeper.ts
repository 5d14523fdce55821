/**
 * The keeper of a machine: a small shell process that mounts the machine's root where only its own processes see
 * it, runs systemd-nspawn, and starts it again when the machine reboots. Mounts end with the keeper.
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
}

/** What nspawn exits with when the machine was rebooted (systemd-nspawn(1), EXIT STATUS). */
const REBOOT = 133;

/**
 * The keeper's script. Each start has a control group of its own, since one that has passed controllers on to its
 * children can have no processes any more (cgroups(7), "no internal processes").
 */
export function keeperScript(keep: Keep): Shell {
  const { machine, hostname, image, upper, work, root, groups, argv, powerCut } = keep;
  const options = `lowerdir=${image},upperdir=${upper},workdir=${work}`;
  const nspawn = sh`exec systemd-nspawn --quiet --settings=no --register=no --keep-unit --console=pipe \
  --directory=${root} --machine=${machine} --hostname=${hostname} \
  --network-namespace-path=${`/run/netns/${machine}`} --capability=CAP_NET_ADMIN \
  --resolv-conf=off --timezone=off --link-journal=no ${argv.length === 0 ? ['--boot'] : ['--as-pid2', '--', ...argv]}`;
  const join = joinShell(groups.map((group) => sh`echo $$ > ${group}/"start.$1"/cgroup.procs`));
  return sh`set -u
${joinShell(groups.map((group) => sh`echo $$ > ${group}/keeper/cgroup.procs || exit 1`))}
mount -t overlay overlay -o ${options} ${root} || exit 1
stat -c 'inode-%d:%i' ${root} > ${`${root}.lock-name`}
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
start=0
while :; do
  start=$((start + 1))
  ${joinShell(
    groups.map((group) => sh`mkdir ${group}/start.$start || exit 1`),
    '\n  ',
  )}
  sh -c ${
    sh`set -e
${join}
${nspawn}`.text
  } sh "$start" </dev/null
  code=$?
  ${joinShell(
    groups.map((group) => sh`find ${group}/start.$start -depth -type d -exec rmdir {} \; 2>/dev/null`),
    '\n  ',
  )}
  echo "hostwright: ${hostname} ended with $code"
  if [ -e ${powerCut} ]; then rm -f ${powerCut}; continue; fi
  [ "$code" = ${REBOOT} ] || exit "$code"
done
`;
}
