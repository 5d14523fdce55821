import { z } from 'zod';
import { hostLabel } from '../../src/compose/inputs.ts';
import { timezoneName } from '../../src/resources/timezone.ts';

const clockTime = () =>
  z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day is written with four digits in quotes, "04:30"');

const upgrades = z.strictObject({
  enabled: z.boolean().optional().meta({
    help: 'Security upgrades by themselves. Left out: yes, unless the machine has a policy already.',
  }),
  reboot: z
    .union([z.literal('never'), clockTime()])
    .default('never')
    .meta({ help: 'When to restart if an upgrade asks for it: "never", or a time of day such as "04:30".' }),
});

const ssh = z.strictObject({
  harden: z.boolean().default(true).meta({ help: 'Whether sshd gets a file of ours at all.' }),
  passwords: z
    .enum(['auto', 'allow', 'deny'])
    .default('auto')
    .meta({ help: 'Login by password. "auto": switched off once a key has proven to work.' }),
  root: z
    .enum(['auto', 'allow', 'keys', 'deny'])
    .default('auto')
    .meta({ help: 'Login as root. "auto": as narrow as the way in that is in use allows.' }),
  algorithms: z
    .enum(['strong', 'keep'])
    .default('strong')
    .meta({ help: '"keep" leaves sshd its own choice, for clients older than about 2016.' }),
});

export const inputs = z.strictObject({
  hostname: hostLabel()
    .optional()
    .meta({ help: "The machine's name. Left out: it keeps the one it has.", example: 'attic' }),
  timezone: timezoneName().optional().meta({
    help: 'The time zone, such as Europe/Berlin. Left out: it keeps the one it has.',
    example: 'Europe/Berlin',
  }),
  timesync: z
    .boolean()
    .default(true)
    .meta({ help: 'Keeps the clock right. chrony or ntp stays where there is one.' }),
  upgrades: upgrades.prefault({}).meta({ help: 'Security upgrades that come by themselves.' }),
  ssh: ssh.prefault({}).meta({ help: 'Hardens sshd, never against the way in that is in use.' }),
  lid: z
    .enum(['keep', 'ignore'])
    .optional()
    .meta({
      help: 'A laptop goes to sleep when its lid is closed; "ignore" keeps it awake.',
      example: 'ignore',
      offer: { ignore: 'it is a laptop that stays awake with its lid closed' },
    }),
});

export type Input = z.infer<typeof inputs>;
