/**
 * Makes a checkout ready, whatever state it is in, then runs `scripts/<name>.ts`:
 *     node scripts/bootstrap.mjs try
 * Plain JavaScript without dependencies, because it is what installs them.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const OLDEST_NODE = 20;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `hostwright needs Node.js ${OLDEST_NODE} or newer, and this is ${process.version}. ` +
      'Debian 13 has it as `apt install nodejs npm`; for older systems see https://nodejs.org/en/download.\n',
  );
  process.exit(2);
}

const [name, ...rest] = process.argv.slice(2);
if (!packagesAreCurrent()) {
  await installPackages();
}
say('Building …');
await mustRun(tsx('generate'));
await mustRun(tsx('build'));
if (name) process.exitCode = await run(tsx(name, ...rest));

/** Installs what the lock file says. No package's install script runs: none is needed, and one would want a compiler. */
async function installPackages() {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  say('Installing the npm packages of package-lock.json (npm ci) …');
  const { code, errors } = await attempt(npm('ci', ...quiet));
  if (code === 0) return;
  if (!errors.includes('EUSAGE')) {
    process.stderr.write(errors);
    process.exit(code);
  }
  // npm ci insists on the packages for every other system too; some mirrors of the registry do not carry them.
  say('npm ci does not get along with this registry; installing the same versions with npm install …');
  rmSync(join(root, 'node_modules'), { recursive: true, force: true });
  await mustRun(npm('install', '--no-save', ...quiet));
}

/** True when node_modules holds what the lock file asks for. npm writes its own record last, so a broken-off `npm ci` left none. */
function packagesAreCurrent() {
  const wanted = packagesIn('package-lock.json');
  const present = packagesIn('node_modules/.package-lock.json');
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const installed = present[path];
    // An optional package for another system is not installed, and need not be.
    if (!installed) return entry.optional === true;
    return installed.version === entry.version && installed.integrity === entry.integrity;
  });
}

/** @param {string} path */
function packagesIn(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** @param {string[]} words */
function npm(...words) {
  const script = process.env.npm_execpath;
  return script ? [process.execPath, script, ...words] : ['npm', ...words];
}

/** @param {string} script @param {string[]} words */
function tsx(script, ...words) {
  return [process.execPath, '--import', 'tsx', join(root, 'scripts', `${script}.ts`), ...words];
}

/**
 * Runs a program, and keeps what it says on stderr.
 * @param {string[]} argv @returns {Promise<{ code: number, errors: string }>}
 */
async function attempt(argv) {
  let errors = '';
  const code = await run(argv, (text) => {
    errors += text;
  });
  return { code, errors };
}

/** @param {string[]} argv */
async function mustRun(argv) {
  const code = await run(argv);
  if (code !== 0) process.exit(code);
}

/**
 * Runs a program on this terminal and returns its exit code. Ctrl-C reaches it from the terminal itself, so
 * passing it on would make it two.
 * @param {string[]} argv @param {(text: string) => void} [onError] gets stderr instead of the terminal
 * @returns {Promise<number>}
 */
function run([program, ...words], onError) {
  const child = spawn(program, words, {
    cwd: root,
    stdio: ['inherit', 'inherit', onError ? 'pipe' : 'inherit'],
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => onError?.(text));
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => child.kill(signal);
  /** @param {NodeJS.Signals} signal */
  const passUnlessTyped = (signal) => process.stdin.isTTY || pass(signal);
  process.on('SIGTERM', pass);
  process.on('SIGINT', passUnlessTyped);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', pass);
      process.off('SIGINT', passUnlessTyped);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}
