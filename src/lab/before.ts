/** A script of the user's that prepares the box: a machine that already has things on it. */
import { readFile } from 'node:fs/promises';
import { HostError, UserError } from '../errors.ts';
import { sh } from '../quote.ts';
import { machineArgv } from './exec.ts';
import { lastLines, run } from './run.ts';

/** @throws {UserError} when it cannot be read. */
export async function readScript(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UserError({ message: `The script ${path} cannot be read (${cause.code})`, at: { file: path } });
  });
}

/**
 * Runs it as root, as a file, so that its first line may name another interpreter.
 * @throws {HostError} when it fails, with the end of what it said.
 */
export async function runOnBox(name: string, text: string): Promise<void> {
  const argv = ['sh', '-c', RUN_FILE];
  const { code, stdout, stderr } = await run(machineArgv(name, 'box', argv), { input: text });
  if (code === 0) return;
  throw new HostError(`The script for the box failed with ${code}`, {
    output: lastLines(`${stdout}${stderr}`, 15),
  });
}

const RUN_FILE = sh`file=$(mktemp -p /root) && cat > "$file" && chmod 0700 "$file" && "$file" </dev/null
code=$?
rm -f "$file"
exit "$code"`.text;
