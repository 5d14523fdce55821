/** Building a base image: once a release, then kept for all labs. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Image, imageFolder } from './images.ts';
import { withLock } from './lock.ts';
import { startPackageProxy } from './packages/proxy.ts';
import { IMAGES } from './places.ts';
import { mortal, must } from './run.ts';

const UNFINISHED = '.unfinished';
const lockOf = (kind: string): string => join(IMAGES, `.${kind}.lock`);

/**
 * Makes sure that the image is there, and gives its folder. An image appears in one rename, so that a build which
 * was interrupted leaves none; two builds of the same image wait for each other.
 * @throws {HostError} when it could not be built, with what mmdebstrap said.
 */
export async function ensureImage(
  image: Image,
  report: (text: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const folder = imageFolder(image);
  if (existsSync(folder)) return folder;
  await mkdir(IMAGES, { recursive: true });
  const waiting = () => report(`Another hostwright is building the image ${image.kind}; waiting for it`);
  await withLock(lockOf(image.kind), waiting, async () => {
    if (existsSync(folder)) return;
    await removeUnfinished(image.kind);
    const started = performance.now();
    report(
      `Building the image ${image.kind} from Debian's packages; this is done once and takes about a minute`,
    );
    await build(image, folder + UNFINISHED, signal);
    await rename(folder + UNFINISHED, folder);
    await removeSuperseded(image.kind, folder);
    report(`Built the image ${image.kind} in ${Math.round((performance.now() - started) / 1000)} s`);
  });
  return folder;
}

/** Removes what builds that were killed left behind, but nothing of a build that runs. */
export async function removeUnfinishedImages(): Promise<void> {
  const left = (await readdir(IMAGES).catch(() => [])).filter((entry) => entry.endsWith(UNFINISHED));
  for (const kind of new Set(left.map((entry) => entry.replace(/-[^-]+$/, '')))) {
    await withLock(lockOf(kind), 'give up', () => removeUnfinished(kind));
  }
}

/** Call it under the image's lock. */
async function removeUnfinished(kind: string): Promise<void> {
  for (const entry of await readdir(IMAGES)) {
    if (entry.startsWith(`${kind}-`) && entry.endsWith(UNFINISHED)) {
      await rm(join(IMAGES, entry), { recursive: true, force: true });
    }
  }
}

/** Images of the same kind that an older hostwright built, unless a machine still runs from them. */
async function removeSuperseded(kind: string, current: string): Promise<void> {
  const older = (await readdir(IMAGES))
    .map((entry) => join(IMAGES, entry))
    .filter((path) => path.startsWith(join(IMAGES, `${kind}-`)) && path !== current);
  if (older.length === 0) return;
  const mounts = await allMounts();
  for (const path of older) {
    if (!mounts.includes(path)) await rm(path, { recursive: true, force: true });
  }
}

/** The mounts that any process sees, as text. Machines mount where only they see it. */
async function allMounts(): Promise<string> {
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const texts = processes.map((pid) => readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => ''));
  return (await Promise.all(texts)).join('');
}

async function build(
  { kind, release, packages, files, finish }: Image,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const proxy = await startPackageProxy({ host: '127.0.0.1', port: 0 });
  try {
    const argv = withoutHeirs([
      'mmdebstrap',
      '--mode=root',
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      `--aptopt=Acquire::http::Proxy "http://127.0.0.1:${proxy.port}"`,
      '--aptopt=Acquire::Retries "2"',
      release,
      folder,
      'http://deb.debian.org/debian',
    ]);
    await must(`Building the image ${kind}`, argv, options);
    // The options above are for building, not for the machines.
    await rm(join(folder, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await must(`Finishing the image ${kind}`, withoutHeirs(['chroot', folder, 'sh', '-s']), {
      ...options,
      input: finish.text,
    });
    // As on a machine that was just installed: its next `apt-get update` fetches only what is new.
    const update = [
      'chroot',
      folder,
      'apt-get',
      '-o',
      `Acquire::http::Proxy=http://127.0.0.1:${proxy.port}`,
      'update',
    ];
    await must(`Fetching the package lists of the image ${kind}`, withoutHeirs(update), options);
  } finally {
    await proxy.close();
  }
}

/** In a pid namespace that ends with us: kill -9 of `lab up` leaves no half of a build running. */
function withoutHeirs(argv: readonly string[]): string[] {
  return mortal([
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child=KILL',
    '--mount-proc',
    '--',
    ...argv,
  ]);
}
