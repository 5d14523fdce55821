import type { PlanNote } from '../../src/compose/recipe.ts';
import { UserError } from '../../src/errors.ts';
import type { MariadbContext } from './inputs.ts';

export const PORT = 3306;

/**
 * Refuses what this role cannot be beside.
 * @throws {UserError} for a second role, a port that another program holds, and a server that is set up for another port or none
 */
export function refuseWhatIsThere({ role, siblings, expose, facts }: MariadbContext): void {
  const [other] = siblings;
  if (other) {
    throw new UserError({
      message: `The roles ${role} and ${other.role} are both a MariaDB server, and a host has one.`,
      hint: 'Put the databases of both into one role: it serves as many as you like.',
    });
  }
  const holder = facts.listeners.find(
    ({ protocol, port, process }) =>
      protocol === 'tcp' && port === PORT && !['', 'mariadbd'].includes(process),
  );
  if (holder) {
    throw new UserError({
      message: `Port ${PORT} is taken on the host: ${holder.docker ? 'a container of Docker' : holder.process} listens there (${holder.address}).`,
      hint: 'Stop that program first, or leave this role out.',
    });
  }
  const { port, 'skip-networking': alone } = facts.mariadb.settings;
  if (port && port.value !== '' && Number(port.value) !== PORT) {
    throw new UserError({
      message: `MariaDB on the host is set to port ${port.value} (${port.file}), and this role is at ${PORT}.`,
      hint: `Whoever uses it there would lose it. Take that line out, and tell its users of port ${PORT}.`,
    });
  }
  if (alone && expose === 'lan' && !/^(?:0|off|false)$/i.test(alone.value)) {
    throw new UserError({
      message: `MariaDB on the host is set to have no network (skip-networking in ${alone.file}), and this role is for the LAN.`,
      hint: 'Take that line out, or say expose: host.',
    });
  }
}

/** What a person should know of the server that is there: hostwright takes nobody's account or database away. Pure. */
export function notesOn({ expose, facts }: MariadbContext): readonly Omit<PlanNote, 'role'>[] {
  const { server, settings, anonymous, remoteRoot, withoutPassword, testDatabase } = facts.mariadb;
  const accounts = (hosts: readonly string[], user: string) =>
    hosts.map((host) => `'${user}'@'${host}'`).join(', ');
  const warnings = [
    ...(anonymous.length > 0
      ? [
          `MariaDB has accounts without a name, which let in anybody: ${accounts(anonymous, '')}. They were not made by hostwright and stay. To take them away: sudo mariadb -e "DROP USER ${accounts(anonymous, '')}"`,
        ]
      : []),
    ...(testDatabase
      ? [
          'MariaDB has a database test, which old installers made for everybody. It stays, since something may be in it. To take it away: sudo mariadb -e "DROP DATABASE test"',
        ]
      : []),
    ...(remoteRoot.length > 0
      ? [
          `MariaDB lets its administrator in from elsewhere: ${accounts(remoteRoot, 'root')}. hostwright did not make that and leaves it. To end it: sudo mariadb -e "DROP USER ${accounts(remoteRoot, 'root')}"`,
        ]
      : []),
    ...(withoutPassword.length > 0
      ? [
          `MariaDB has accounts that need no password: ${withoutPassword.join(', ')}. hostwright did not make them and leaves them as they are.`,
        ]
      : []),
  ];
  const listens = settings['bind-address'];
  const changes = [
    ...(expose === 'lan'
      ? ['Whoever connects over the network needs TLS from now on, with accounts made before as well.']
      : []),
    ...(expose === 'host' && listens && !/^(?:127\.|::1$|localhost$)/.test(listens.value)
      ? [
          `MariaDB has listened at ${listens.value} (${listens.file}). From now on it is at 127.0.0.1, since expose is host.`,
        ]
      : []),
  ];
  return [
    ...warnings.map((text) => ({ level: 'warning' as const, text })),
    ...(server === 'theirs' ? changes : []).map((text) => ({ level: 'warning' as const, text })),
  ];
}
