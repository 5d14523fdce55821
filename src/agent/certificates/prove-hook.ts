import { execFile } from 'node:child_process';
import type { ChallengeWay } from '../declared.ts';
import { bounded, OwnFailure } from './failure.ts';
import type { Prover } from './prove.ts';

/** Milliseconds that the command has, waiting for the DNS included. */
const PATIENCE = 120_000;

type ByHook = Extract<ChallengeWay, { readonly type: 'dns-01-hook' }>;

/** By a command of the user's: `COMMAND add|remove _acme-challenge.NAME VALUE`, without a shell. It ends when the record can be seen. */
export function hookProver({ command }: ByHook): Prover {
  return {
    type: 'dns-01',
    async show(name, _token, value) {
      const record = `_acme-challenge.${name.replace(/^\*\./, '')}`;
      await run(command, ['add', record, value]);
      return () => run(command, ['remove', record, value]).catch(() => undefined);
    },
    ready: () => Promise.resolve(),
  };
}

function run(command: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      [...words],
      { timeout: PATIENCE, killSignal: 'SIGKILL', maxBuffer: 1_048_576, cwd: '/' },
      (error, stdout, stderr) => {
        if (!error) return resolve();
        const why = error.killed ? `it did not end within ${PATIENCE / 1000} seconds` : error.message;
        reject(
          new OwnFailure(
            'hook-failed',
            `${command} ${words[0]} failed. It is run as hostwright-agent: try it by ‘sudo -u hostwright-agent ${command} ${words[0]} ${words[1]} test’.`,
            bounded(`${why} ${stderr || stdout}`),
          ),
        );
      },
    );
  });
}
