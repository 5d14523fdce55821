import { spawn } from 'node:child_process';
import type { Channel } from '../../src/connect/connection.ts';

/** A channel to a real sh on this machine, for tests that need no other account and no network. */
export function shellChannel(script: string): Channel {
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code }));
    }),
    close: () => {
      child.stdin.end();
      child.kill();
    },
  };
}
