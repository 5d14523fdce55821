/** The host file that is disturbed: it has every kind of change that a run can make on a bare machine. */
import { stringify } from 'yaml';

/** Kinds that cannot be in it, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  ufw: 'a second firewall beside the host’s own table',
  firewalld: 'a second firewall beside the host’s own table',
  'ufw-route': 'the same',
  'mariadb-database':
    'needs MariaDB, which takes longer to install than a trial may last; test/lab/mariadb.lab.test.ts',
  'mariadb-user': 'needs MariaDB and a vault; test/lab/mariadb.lab.test.ts',
  zone: 'needs BIND, large for hundreds of runs; it is written and taken back as `file` is; test/lab/dns.lab.test.ts',
  password: 'needs a vault beside the host file; its account is changed as `user` is',
  'postgres-role': 'needs a database server: large packages, and a start in each of hundreds of runs',
  'postgres-database': 'the same',
  'postgres-extension': 'the same',
};

const UNIT = `[Unit]
Description=Counts
[Service]
ExecStart=/usr/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`;

/** Files of the working folder. */
export function scenario(lab: string): Readonly<Record<string, string>> {
  const host = {
    host: 'attic',
    connect: { lab },
    roles: {
      firewall: {},
      // Without what would install much.
      base: {
        hostname: 'attic',
        timezone: 'Europe/Berlin',
        timesync: false,
        upgrades: { enabled: false },
      },
      // With the agent, a port of the router's, and a certificate by the lab's authority.
      blog: { recipe: 'site', domain: 'blog.example.org', expose: 'internet', tls: 'letsencrypt' },
      cam: { recipe: 'forward', rules: [{ port: 8080, to: '192.168.1.30' }] },
      own: {
        recipe: 'extras',
        packages: ['bc', 'tree'],
        groups: [{ name: 'family', gid: 1500 }],
        users: [{ name: 'anna', groups: ['family', 'users'], shell: '/bin/bash' }],
        directories: [{ path: '/srv/photos', mode: '2770', group: 'family' }],
        files: [
          { path: '/etc/systemd/system/counter.service', content: UNIT, notify: { service: 'counter' } },
          // It was there before, and has to come back.
          { path: '/etc/motd', content: 'Be kind.\n', mode: '0600' },
        ],
        certificates: [{ name: 'counter', names: ['attic'], group: 'family' }],
        links: [{ path: '/srv/media', target: '/mnt/big disk/media' }],
        sysctl: { 'net.ipv4.tcp_keepalive_time': 600 },
        services: [{ name: 'counter' }],
        // Where a reboot takes it away: what a command does is not hostwright's to undo.
        commands: [{ name: 'mark', run: ['touch', '/run/two words'], creates: '/run/two words' }],
      },
    },
  };
  return {
    'host.yaml': stringify(host),
    'public/index.html': '<h1>Hello</h1>\n',
    'public/deep/page.html': 'deep\n',
  };
}
