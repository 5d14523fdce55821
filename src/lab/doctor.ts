/** What this computer lacks for the lab, and how to get it. */
import { existsSync, readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { sh } from '../quote.ts';
import { hierarchies } from './cgroup.ts';
import { boxImage, imageFolder, peerImage } from './images.ts';
import { fetchUpstream } from './packages/upstream.ts';
import { installCommand, missing, packagesOf } from './requirements.ts';
import { asRoot, isRoot } from './root.ts';
import { run } from './run.ts';

/** One thing that the lab needs. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail?: string;
  /** What to do, as a command where one does it. */
  readonly fix?: string;
}

/** Looks at this computer. Changes nothing; asks for sudo's password only where it has to, and only on a terminal. */
export async function labDoctor(): Promise<Finding[]> {
  if (process.platform !== 'linux') {
    return [
      {
        what: 'Linux',
        ok: false,
        fix: 'Run the lab on a Linux computer, or in a virtual machine with Debian.',
      },
    ];
  }
  const findings = [packages(), await root()];
  if (findings.every(({ ok }) => ok)) findings.push(...(await kernel()), groupsFinding());
  findings.push(await packageServer());
  return findings;
}

/**
 * The quick part of the doctor's visit, before a lab is brought up.
 * @throws {UserError} that says what to install.
 */
export function demandPackages(): void {
  const { ok, detail, fix } = packages();
  if (!ok) {
    throw new UserError({
      message: `The lab cannot run on this computer yet: ${detail}`,
      hint: `Install them with: ${fix}`,
    });
  }
}

function packages(): Finding {
  const lacking = missing();
  const what = 'Debian packages';
  if (lacking.length === 0) return { what, ok: true };
  const names = lacking.map(({ name }) => name).join(', ');
  return { what, ok: false, detail: `${names} not found`, fix: installCommand(packagesOf(lacking)) };
}

async function root(): Promise<Finding> {
  const what = 'Administrator rights';
  if (isRoot()) return { what, ok: true, detail: 'root' };
  const sudo = await run(['sudo', '--version']).catch(() => undefined);
  if (sudo?.code === 0) return { what, ok: true, detail: 'by sudo' };
  return {
    what,
    ok: false,
    detail: 'neither root nor sudo',
    fix: "su -c 'apt-get install sudo', or run hostwright as root",
  };
}

/** Tried for real, in namespaces that end at once; the words are what the kernel would call the feature. */
async function kernel(): Promise<Finding[]> {
  const tries: readonly (readonly [what: string, script: string, module: string])[] = [
    ['Virtual cables (veth)', 'ip link add name veth0 type veth peer name veth1', 'veth'],
    ['Bridges', 'ip link add name br0 type bridge', 'bridge'],
    ['overlayfs', OVERLAY, 'overlay'],
    ['nftables', NFTABLES, 'nf_tables'],
    ['IPv6', 'test -e /proc/sys/net/ipv6', 'ipv6'],
  ];
  return Promise.all(
    tries.map(async ([what, script, module]) => {
      const { code, stderr } = await run(asRoot(['unshare', '--net', '--mount', 'sh', '-c', script]));
      if (code === 0) return { what, ok: true };
      return {
        what,
        ok: false,
        detail: stderr.trim(),
        fix: `sudo modprobe ${module}, or a kernel that has it`,
      };
    }),
  );
}

const OVERLAY = sh`set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root`.text;

/** The lab brings its own nft, so this computer may have none; then the kernel's module is looked for. */
const NFTABLES = sh`if command -v nft >/dev/null; then exec nft add table inet hostwright_try; fi
modinfo nf_tables >/dev/null`.text;

function groupsFinding(): Finding {
  const what = 'Control groups';
  const mounted = hierarchies();
  const options = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => mounted.includes(line.split(' ')[4] ?? ''))
    .map((line) => line.split(' ')[5]?.split(',') ?? []);
  if (mounted.length > 0 && options.every((words) => words.includes('rw'))) return { what, ok: true };
  const detail = mounted.length === 0 ? 'not mounted' : `${mounted.join(', ')} cannot be written`;
  return {
    what,
    ok: false,
    detail,
    fix: 'Not in an unprivileged container; with Docker: docker run --privileged',
  };
}

async function packageServer(): Promise<Finding> {
  const what = "Debian's package server";
  try {
    const answer = await fetchUpstream(new URL('http://deb.debian.org/debian/dists/bookworm/InRelease'), {});
    answer.destroy();
    if (answer.statusCode === 200) return { what, ok: true };
    throw new Error(`deb.debian.org answered ${answer.statusCode}`);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const built = [boxImage('bookworm'), peerImage()].every((image) => existsSync(imageFolder(image)));
    if (built)
      return {
        what,
        ok: true,
        detail: `${detail}; the images are built, and packages that were fetched are kept`,
      };
    return { what, ok: false, detail, fix: 'export http_proxy=http://PROXY:PORT, where the network has one' };
  }
}
