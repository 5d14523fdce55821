import { readFileSync } from 'node:fs';
import recipe from '../../../recipes/base/recipe.ts';
import type { RecipeParts } from '../../../src/compose/recipe.ts';
import { renderTemplate } from '../../../src/compose/templates.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { knowingHostKey } from '../../../src/facts/read-facts.ts';
import { factProbes } from '../../../src/facts/registry.generated.ts';

type Printed = Partial<Record<keyof typeof factProbes, string>>;

/** How a login looks in sshd's log; none for a person at the machine itself. */
export type Login = readonly [user: string, method: string] | undefined;

export const CONFIG = 'Include /etc/ssh/sshd_config.d/*.conf\n12:Include /etc/ssh/sshd_config.d/*.conf\n';

interface Situation {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly login?: Login;
  /** Lines of `sshd -T`. */
  readonly effective?: readonly string[];
  /** Lines of files, `00-hostwright.conf:PermitRootLogin no`. */
  readonly dropIns?: readonly string[];
  readonly config?: string;
  /** `pi password keys` */
  readonly people?: readonly string[];
  readonly hostKeys?: readonly string[];
  /** The type of key by which the client knows the host. */
  readonly knownBy?: string;
  readonly facts?: Printed;
}

/** Runs the recipe on a machine with sshd, on which everything else is as Debian installs it. */
export function compose({
  input = {},
  login,
  effective = [],
  dropIns = [],
  config = CONFIG,
  people = ['root none', 'pi password keys'],
  hostKeys = ['ssh-ed25519', 'ecdsa-sha2-nistp256'],
  knownBy,
  facts = {},
}: Situation = {}): RecipeParts {
  const connection = login
    ? `##connection\n192.168.1.30 50000 192.168.1.20 22\n##login\nAccepted ${login[1]} for ${login[0]} from 192.168.1.30 port 50000 ssh2${login[1] === 'publickey' ? ': ED25519 SHA256:abc' : ''}\n`
    : '';
  const printed: Printed = {
    ssh: connection,
    sshd: `##effective\nauthenticationmethods any\n${effective.join('\n')}\n##config\n${config}##drop-ins\n${dropIns.map((line) => `sshd_config.d/${line}`).join('\n')}\n##host-keys\n${hostKeys.join('\n')}\n##people\n${people.join('\n')}\n`,
    ...facts,
  };
  const read = Object.entries(factProbes).map(([name, probe]) => [
    name,
    probe.parse(printed[name as keyof typeof factProbes] ?? ''),
  ]);
  return recipe.resources({
    role: 'base',
    host: 'attic',
    input: recipe.inputs.parse(input),
    expose: 'host',
    facts: knowingHostKey(Object.fromEntries(read) as Facts, knownBy),
    network: { lan: [] },
    siblings: [],
    others: [],
    endpoints: [],
    closeUnlisted: false,
    authority: () => undefined,
    template: (name, data) => {
      const path = `templates/base/${name}.hbs`;
      return renderTemplate(path, readFileSync(path, 'utf8'), data);
    },
    folder: () => {
      throw new Error('there is no folder');
    },
    secretTemplate: () => {
      throw new Error('there is no secret');
    },
    secret: () => {
      throw new Error('there is no secret');
    },
  });
}

/** The content of a file that the recipe declares; undefined when it does not. */
export function contentOf(parts: RecipeParts, path: string): string | undefined {
  const resource = parts.resources.find(({ id }) => id === `file:${path}`);
  return (resource?.spec as { content: string } | undefined)?.content;
}

export const idsOf = ({ resources }: RecipeParts): readonly string[] => resources.map(({ id }) => id);

/** All notes in one text. */
export const notesOf = ({ notes = [] }: RecipeParts): string =>
  notes.map(({ level, text }) => `${level}: ${text}`).join('\n');
