/** Building a base image: once a release, then kept for all labs. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Image, imageFolder } from './images.ts';
import { withLock } from './lock.ts';
import { startPackageProxy } from './packages/proxy.ts';
import { IMAGES } from './places.ts';
import { must } from './run.ts';

/**
 * Makes sure that the image is there, and gives its folder. An image appears in one rename, so that a build which
 * was interrupted leaves none; two builds of the same image wait for each other.
 * @throws {HostError} when it could not be built, with what mmdebstrap said.
 */
export async function ensureImage(image: Image, report: (text: string) => void): Promise<string> {
  const folder = imageFolder(image);
  if (existsSync(folder)) return folder;
  await mkdir(IMAGES, { recursive: true });
  const waiting = () => report(`Another hostwright is building the image ${image.kind}; waiting for it`);
  await withLock(join(IMAGES, `.${image.kind}.lock`), waiting, async () => {
    if (existsSync(folder)) return;
    await removeUnfinished(image);
    const started = performance.now();
    report(
      `Building the image ${image.kind} from Debian's packages; this is done once and takes about a minute`,
    );
    await build(image, `${folder}.unfinished`);
    await rename(`${folder}.unfinished`, folder);
    report(`Built the image ${image.kind} in ${Math.round((performance.now() - started) / 1000)} s`);
  });
  return folder;
}

/** What a build that was killed left behind. Call it under the image's lock. */
async function removeUnfinished({ kind }: Image): Promise<void> {
  for (const entry of await readdir(IMAGES)) {
    if (entry.startsWith(`${kind}-`) && entry.endsWith('.unfinished')) {
      await rm(join(IMAGES, entry), { recursive: true, force: true });
    }
  }
}

async function build({ kind, release, packages, files, finish }: Image, folder: string): Promise<void> {
  const proxy = await startPackageProxy({ host: '127.0.0.1', port: 0 });
  try {
    await must(`Building the image ${kind}`, [
      ...DIES_WITH_US,
      'mmdebstrap',
      '--mode=root',
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      `--aptopt=Acquire::http::Proxy "http://127.0.0.1:${proxy.port}"`,
      '--aptopt=Acquire::Retries "2"',
      // Translations and manuals are a third of the time, and nobody reads them here.
      '--aptopt=Acquire::Languages "none"',
      release,
      folder,
      'http://deb.debian.org/debian',
    ]);
  } finally {
    await proxy.close();
  }
  // The options above are for building, not for the machines.
  await rm(join(folder, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await must(`Finishing the image ${kind}`, [...DIES_WITH_US, 'chroot', folder, 'sh', '-s'], {
    input: finish.text,
  });
}

/** In a pid namespace that ends with us: kill -9 of `lab up` leaves no half of a build running. */
const DIES_WITH_US = [
  ...['setpriv', '--pdeathsig', 'KILL', '--'],
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'],
];
