import { z } from 'zod';
import { domain, port } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { tlsInput } from '../../src/compose/tls/input.ts';
import { userShape } from '../../src/compose/transfer/users.ts';

const address = () =>
  z.ipv4({ error: 'an IPv4 address such as 203.0.113.7, or a name such as home.example.org, is expected' });

export const inputs = z
  .strictObject({
    users: z
      .array(z.strictObject(userShape))
      .min(1, { error: 'name at least one user' })
      .meta({
        question: 'Who may send and fetch files by FTP?',
        help: 'Each has a folder of his own, and sees nothing else but the folders that he shares with others.',
        example: [{ name: 'anna', folders: ['family'] }],
      }),
    tls: tlsInput(),
    port: port().default(21).meta({ help: 'Where clients connect to.' }),
    passivePort: port().default(21_000).meta({
      help: 'The first of the ports over which files go. Below 32768 no outgoing connection takes one of them.',
    }),
    passivePorts: z
      .int({ error: 'a number of ports from 2 to 1000 is expected' })
      .min(2, { error: 'at least two: one transfer may begin while another one ends' })
      .max(1000, { error: 'at most 1000' })
      .default(20)
      .meta({ help: 'How many of them: each transfer takes one.' }),
    publicAddress: z.union([address(), domain()]).optional().meta({
      help: 'For clients on the internet that still ask in the old way (PASV): the address or name by which they reach this host.',
      example: 'home.example.org',
    }),
    clients: z
      .int({ error: 'a number from 1 to 500 is expected' })
      .min(1, { error: 'at least one' })
      .max(500, { error: 'at most 500' })
      .default(20)
      .meta({ help: 'How many connections at once, five of them from one address.' }),
  })
  .check(({ value, issues }) => {
    const last = lastPassivePort(value);
    if (last <= 65_535) return;
    const message = `the ${value.passivePorts} ports from ${value.passivePort} on would end at ${last}, and the highest port is 65535`;
    issues.push({ code: 'custom', input: value.passivePort, path: ['passivePort'], message });
  });

type FtpInput = z.output<typeof inputs>;
export type FtpContext = RecipeContext<FtpInput>;

/** The last of the ports for transfers. */
export function lastPassivePort(input: {
  readonly passivePort: number;
  readonly passivePorts: number;
}): number {
  return input.passivePort + input.passivePorts - 1;
}
