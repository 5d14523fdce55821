import { userInfo } from 'node:os';
import { afterAll, beforeAll } from 'vitest';
import { connectLocal } from '../../src/connect/local.ts';
import { connectionContract } from './contract.ts';
import { connectBy, type KeyFolder, keyFolder, scriptedAsk } from './keys.ts';
import { type Relay, startRelay } from './relay.ts';
import { startServer, type TestServer } from './ssh-server.ts';

connectionContract('local', {
  open: async () => connectLocal(process.env),
  sameLoopback: true,
  saysWhy: true,
});

for (const backend of ['node-ssh', 'openssh'] as const) {
  let keys: KeyFolder;
  let server: TestServer;
  let relay: Relay;

  beforeAll(async () => {
    keys = keyFolder();
    keys.make('host');
    keys.make('id');
    server = await startServer({
      hostKeys: [keys.privateText('host')],
      keys: [keys.publicLine('id')],
      maxSessions: 10,
    });
    relay = await startRelay(server.port);
    keys.write('known_hosts', `[127.0.0.1]:${relay.port} ${keys.publicLine('host')}\n`);
  });
  afterAll(async () => {
    relay.close();
    await server.close();
    keys.remove();
  });

  connectionContract(`ssh by ${backend}`, {
    open: () =>
      connectBy(
        backend,
        {
          host: '127.0.0.1',
          port: relay.port,
          user: userInfo().username,
          identityFile: keys.path('id'),
          knownHostsFile: keys.path('known_hosts'),
        },
        scriptedAsk({}, false),
      ),
    cut: () => relay.cut(),
    sameLoopback: true,
    saysWhy: false,
  });
}
