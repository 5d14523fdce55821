import { execFile } from 'node:child_process';

/** What a short local program printed, and how it ended; `code` is null when it could not be started. */
export interface ToolResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one of ssh's own tools on this computer to its end, without a shell (execa would cost 85 ms here).
 * Never throws: a tool that is not installed has `code` null.
 */
export function runTool(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<ToolResult> {
  return new Promise((resolve) => {
    const options = { env: toolEnv(env), maxBuffer: 4 << 20, timeout: 10_000, encoding: 'utf8' } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    }).stdin?.end();
  });
}

/** The environment for local programs: English messages, and none of the secrets that HOSTWRIGHT_* may hold. */
export function toolEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...withoutOurs(env), LC_ALL: 'C' };
}

/** `env` without hostwright's own variables, which may hold passwords. */
export function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('HOSTWRIGHT_')));
}
