import { confirm, password } from '@inquirer/prompts';

// Named imports, so that the bundle leaves out the other prompts: the editor's alone brings every character set.

/** Where a prompt is drawn, and what ends it. */
interface PromptContext {
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** A password or passphrase; nothing of it is shown. */
export function askSecret(message: string, context: PromptContext): Promise<string> {
  return password({ message, mask: false }, context);
}

/** Yes or no; Enter alone is no. */
export function askYesNo(message: string, context: PromptContext): Promise<boolean> {
  return confirm({ message, default: false }, context);
}
