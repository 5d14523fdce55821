import { z } from 'zod';
import { port } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { userShape } from '../../src/compose/transfer/users.ts';

/** A line of authorized_keys (sshd(8)) without options: type, key, comment. */
const publicKey = () =>
  z
    .string({ error: 'a public key is expected: the line in a file such as ~/.ssh/id_ed25519.pub' })
    .regex(
      /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{32,}={0,2}(?: [\w.@+-]{1,100})?$/,
      {
        error:
          'that is no public key: it looks like "ssh-ed25519 AAAA… anna@laptop", the one line of a file such as ~/.ssh/id_ed25519.pub',
      },
    );

const user = z.strictObject({
  ...userShape,
  keys: z.array(publicKey()).default([]).meta({ help: 'Public keys that log in.' }),
  password: z.boolean().optional().meta({
    help: 'Whether the password that the vault has logs in. Left out: yes, unless there are keys.',
  }),
});

export const inputs = z.strictObject({
  users: z
    .array(user)
    .min(1, { error: 'name at least one user' })
    .meta({
      question: 'Who may send and fetch files by SFTP?',
      help: 'Each has a folder of his own, and sees nothing else but the folders that he shares with others.',
      example: [{ name: 'anna', folders: ['family'] }],
    }),
  port: port()
    .default(22)
    .meta({ help: 'The port on which sshd listens already; this changes nothing of it.' }),
});

type SftpInput = z.output<typeof inputs>;
export type SftpContext = RecipeContext<SftpInput>;
