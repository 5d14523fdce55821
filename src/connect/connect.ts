import type { Connection, Target } from './connection.ts';
import type { ConnectOptions } from './options.ts';

/**
 * Connects to a host; each kind is loaded only when it is used.
 * @throws {ConnectError} with one sentence that says what is in the way, within 15 s; {InterruptedError} on Ctrl-C.
 */
export async function connect(target: Target, options: ConnectOptions): Promise<Connection> {
  switch (target.kind) {
    case 'local': {
      const { connectLocal } = await import('./local.ts');
      return connectLocal(options.env ?? process.env);
    }
    case 'lab': {
      const { connectLab } = await import('./lab.ts');
      return connectLab(target.name, options);
    }
    case 'ssh': {
      const { connectSsh } = await import('./ssh.ts');
      return connectSsh(target, options);
    }
  }
}
