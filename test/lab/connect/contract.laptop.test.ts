import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/connect/connect.ts';
import { ConnectError } from '../../../src/errors.ts';
import { sh } from '../../../src/quote.ts';
import { connectionContract } from '../../connect/contract.ts';
import { connectBy, type KeyFolder, keyFolder, scriptedAsk } from '../../connect/keys.ts';
import { type Relay, startRelay } from '../../connect/relay.ts';
import { LAB, laptop } from './laptop.ts';

const { state, box, key, knownHosts, inBox, keysAs } = await laptop();
const alone = scriptedAsk({}, false);

for (const backend of ['node-ssh', 'openssh'] as const) {
  let relay: Relay;
  let keys: KeyFolder;
  beforeAll(async () => {
    relay = await startRelay(22, box);
    keys = keyFolder();
    keys.write('known_hosts', keysAs(`[127.0.0.1]:${relay.port}`));
  });
  afterAll(() => {
    relay.close();
    keys.remove();
  });

  for (const user of ['root', 'pi']) {
    connectionContract(`OpenSSH's server by ${backend} as ${user}`, {
      // Through a relay, so that the line can be cut.
      open: () =>
        connectBy(
          backend,
          {
            host: '127.0.0.1',
            port: relay.port,
            user,
            identityFile: key,
            knownHostsFile: keys.path('known_hosts'),
          },
          alone,
        ),
      cut: () => relay.cut(),
      bulk: 300 * 1024 * 1024,
      sameLoopback: false,
      saysWhy: true,
    });
  }

  describe(`${backend} on the network`, () => {
    it('rejects the exit of a command whose session is killed on the host', async () => {
      const connection = await connectBy(
        backend,
        { host: box, user: 'plain', identityFile: key, knownHostsFile: knownHosts },
        alone,
      );
      const channel = await connection.exec(sh`echo started; exec sleep 60`);
      await once(channel.stdout, 'data');
      await inBox(sh`pkill -9 -f 'sshd(-session)?: plain'`);
      await expect(channel.exit).rejects.toBeInstanceOf(ConnectError);
      await connection.close();
    });

    it('tells from the host why a port cannot be reached', async () => {
      const connection = await connectBy(
        backend,
        { host: box, user: 'root', identityFile: key, knownHostsFile: knownHosts },
        alone,
      );
      const reason = (host: string, port: number, timeout = 10_000) =>
        connection.forward(host, port, timeout).then(
          (stream) => {
            stream.destroy();
            return 'open';
          },
          (error: { reason: string }) => error.reason,
        );
      await inBox(sh`nft add table inet probe; nft add chain inet probe out '{ type filter hook output priority 0; }'
nft add rule inet probe out tcp dport 4444 drop`);
      expect(await reason('127.0.0.1', 22)).toBe('open');
      expect(await reason('192.168.1.1', 4)).toBe('refused');
      expect(await reason('::1', 4)).toBe('refused');
      expect(await reason('192.168.1.250', 80)).toBe('unreachable');
      expect(await reason('192.168.1.1', 4444, 1_500)).toBe('timeout');
      await inBox(sh`nft delete table inet probe`);
      await connection.close();
    });

    it.each(['ssh-ed25519', 'ecdsa-sha2-nistp256'])(
      'says that it knows the host by its key %s',
      async (type) => {
        const lines = readFileSync(knownHosts, 'utf8').split('\n');
        const knownHostsFile = keys.write(
          `only-${type}`,
          `${lines.filter((l) => l.includes(` ${type} `)).join('\n')}\n`,
        );
        const connection = await connectBy(
          backend,
          { host: box, user: 'root', identityFile: key, knownHostsFile },
          alone,
        );
        expect(connection.hostKeyType).toBe(type);
        await connection.close();
      },
    );

    it('speaks IPv6', async () => {
      const address =
        state.nodes.find(({ name }) => name === 'box')?.addresses.find((text) => text.includes(':')) ?? '';
      const connection = await connectBy(
        backend,
        { host: address, user: 'root', identityFile: key, knownHostsFile: knownHosts },
        alone,
      );
      expect(connection.target).toBe(`root@[${address}]:22`);
      await connection.close();
    });
  });
}

it('reaches the box of the lab as the target `lab`', async () => {
  const connection = await connect({ kind: 'lab', name: LAB, sudo: 'none' }, { ask: alone });
  expect(connection.user).toBe('root');
  await connection.close();
});
