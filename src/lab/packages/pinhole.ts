/**
 * The pinhole: a socket that listens on the machine `internet`, and behind it the package proxy, which runs in this
 * computer's own network. The socket is opened in the one namespace and handed to a process in the other, so there
 * is no route between them. The proxy starts with the first package asked for.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { joinShell, sh } from '../../quote.ts';
import { makeKeptGroups, startKeeper } from '../machine.ts';
import { PACKAGE_PORT } from '../network.ts';
import { labFolder, netnsPath } from '../places.ts';
import { helperArgv, proxySettings } from '../root.ts';

const PART = 'packages';

export async function openPinhole(lab: string): Promise<void> {
  await mkdir(join(labFolder(lab), PART), { recursive: true });
  const groups = makeKeptGroups(lab, PART);
  const inside = ['nsenter', `--net=${netnsPath(lab, 'internet')}`];
  const passed = proxySettings().map((setting) => `--setenv=${setting}`);
  const socket = ['systemd-socket-activate', `--listen=[::]:${PACKAGE_PORT}`, ...passed];
  const script = sh`${joinShell(groups.map((group) => sh`echo $$ > ${group}/keeper/cgroup.procs || exit 1`))}
home=/proc/$$/ns/net
while :; do
  ${inside} ${socket} nsenter --net="$home" ${helperArgv(['packages'])}
  echo "hostwright: the package proxy ended with $?"
  sleep 1
done
`;
  await startKeeper(lab, PART, script.text);
}
