import { z } from 'zod';
import { show } from '../compose/complaint.ts';
import { cidr, domain, hostLabel, oneLine, port } from '../compose/inputs.ts';
import { readJump, readSshPlace, readSudo } from './target.ts';

/** The format of host files that this version reads. */
export const FORMAT = 1;

const HELP = {
  host: 'The name of the machine.',
  connect: 'How to reach it: local, lab, or { ssh: user@address }.',
  lan: 'Further networks that count as LAN: VLANs, a VPN, jump hosts.',
  interface: 'The network interface to the LAN, where it is not found by itself.',
  outside:
    'A machine out on the internet that you can log in to: check tries from there what is for the internet.',
  sudo: 'How to become root: none, ask, or command:… Left out, it is found out.',
  backend: 'node-ssh, openssh, or auto, which takes what your ssh configuration needs.',
  identityFile: 'A private key file. Left out, your ssh configuration and agent are asked.',
  jump: 'Hosts to go through, as for ssh -J: user@gate, or several with commas between.',
  ssh: 'user@address, user@address:port, or a host of your ssh configuration.',
  recipe: "The recipe that this role uses. Left out, it is the role's own name.",
  expose: 'Who may reach it: host (only the machine itself), lan, or internet.',
  tls: 'auto or none, which mean the same here: this role has no use for a certificate.',
} as const;

const sudo = oneLine().check(complainWith(readSudo)).optional().meta({ help: HELP.sudo });

export const connectSsh = z.strictObject({
  ssh: oneLine().check(complainWith(readSshPlace)).meta({ help: HELP.ssh, example: 'pi@192.168.1.20' }),
  user: oneLine()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,63}$/, { error: 'this is not a user name' })
    .optional(),
  port: port().optional(),
  identityFile: oneLine().optional().meta({ help: HELP.identityFile }),
  backend: z.enum(['auto', 'node-ssh', 'openssh']).optional().meta({ help: HELP.backend }),
  jump: oneLine().check(complainWith(readJump)).optional().meta({ help: HELP.jump, example: 'anna@gate' }),
  sudo,
});

export const connectLab = z.strictObject({ lab: hostLabel(), sudo });

export const connectLocal = z.strictObject({ local: z.strictObject({ sudo }), sudo });

const lanRange = cidr().refine((range) => !range.endsWith('/0'), {
  error: 'this is the whole internet, not a LAN',
});

const interfaceName = oneLine()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/, { error: 'this is not the name of a network interface' })
  .meta({ help: HELP.interface, example: 'eth0' });

export const networkSchema = z.strictObject({
  lan: z
    .array(lanRange)
    .default([])
    .meta({ help: HELP.lan, example: ['192.168.1.0/24'] }),
  interface: interfaceName.optional(),
  outside: oneLine()
    .check(complainWith(readSshPlace))
    .optional()
    .meta({ help: HELP.outside, example: 'ssh://anna@vps.example.org' }),
});

/** What every role that can be reached may say. */
export const exposeSchema = z.enum(['host', 'lan', 'internet']).default('lan').meta({ help: HELP.expose });

const NO_CERTIFICATES = 'this role has no use for a certificate';

export const tlsSchema = z
  .enum(['auto', 'none'], {
    error: ({ input }) => (typeof input === 'string' ? NO_CERTIFICATES : 'auto or none is expected'),
  })
  .default('auto')
  .meta({ help: HELP.tls });

export const recipeSchema = oneLine().optional().meta({ help: HELP.recipe });

/** The keys that no recipe may take for an input of its own, save `tls` for one that speaks TLS (`tlsInput()`). */
export const ROLE_KEYS = ['recipe', 'expose', 'tls'] as const;

export const nameSchema = domain('a name for a machine', 'attic').meta({ help: HELP.host, example: 'attic' });

/** Names of roles become names of files and units on the host. */
export const roleNameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, {
  error: ({ input }) =>
    `${show(input)} is not a name for a role: small letters, digits and hyphens, at most 40`,
});

/** A check for zod out of a reader that returns what it read or a complaint. */
function complainWith(read: (text: string) => unknown) {
  return ({ value, issues }: z.core.ParsePayload<string>): void => {
    const result = read(value);
    if (typeof result !== 'object' || result === null || !('message' in result)) return;
    const hint = 'hint' in result ? { hint: result.hint } : {};
    issues.push({ code: 'custom', input: value, message: String(result.message), params: hint });
  };
}
