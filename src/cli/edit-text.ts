import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { Shell, sh } from '../quote.ts';

/**
 * Lets the person edit a text in their own editor (`VISUAL`, `EDITOR`, else vi), as git does. The name, which has no
 * slash, tells the editor what kind of text it is. Only the person can read the file, and it is gone afterwards.
 * @throws {UserError} when the editor fails
 */
export async function editText(
  text: string,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const editor = env.VISUAL || env.EDITOR || 'vi';
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-edit-'));
  try {
    const file = join(folder, name);
    await writeFile(file, text, { mode: 0o600 });
    // What the variable holds is a piece of shell: `code --wait`.
    const command = sh`${new Shell(editor)} ${file}`;
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn('sh', ['-c', command.text], { stdio: 'inherit' });
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code === 0) return await readFile(file, 'utf8');
    throw new UserError({
      message: `The editor ended with ${code ?? 'a signal'}: ${editor}`,
      hint: 'Set EDITOR to an editor that is there, such as nano.',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
