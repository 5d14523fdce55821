import { describe, expect, it } from 'vitest';
import recipe from '../../../recipes/postgres/recipe.ts';
import { CONF, cluster, compose, ETC, HBA, HOME } from './context.ts';

describe('memory and connections', () => {
  it.each([
    [512, { max_connections: '40', shared_buffers: '64MB', effective_cache_size: '256MB', work_mem: '4MB' }],
    [
      1024,
      { max_connections: '40', shared_buffers: '128MB', effective_cache_size: '512MB', work_mem: '4MB' },
    ],
    [
      4096,
      { max_connections: '100', shared_buffers: '512MB', effective_cache_size: '2048MB', work_mem: '8MB' },
    ],
    [
      65_536,
      { max_connections: '100', shared_buffers: '2048MB', maintenance_work_mem: '512MB', work_mem: '64MB' },
    ],
  ])('follow from %d MB', (memory, wanted) => {
    expect(compose({ memory }).settings).toMatchObject(wanted);
  });

  it('are the same on machines whose kernels keep somewhat more or less', () => {
    expect(compose({ memory: 3921 }).conf).toBe(compose({ memory: 4010 }).conf);
  });

  it('never promise more than there is', () => {
    for (let memory = 0; memory < 40_000; memory += 997) {
      const { settings } = compose({ memory });
      const megabytes = (name: string): number => Number.parseInt(settings[name] ?? '', 10);
      const busy = megabytes('shared_buffers') + Number(settings.max_connections) * megabytes('work_mem');
      expect(busy, `${memory} MB`).toBeLessThanOrEqual(Math.max(256, memory + 256) * 0.8);
    }
  });

  it('stay as somebody chose them, and give way to the host file', () => {
    const conf = CONF.replace('128MB', '1GB').replace('= 100', '= 30');
    const { settings, notes } = compose({ clusters: [cluster({ conf })] });
    expect(settings).not.toHaveProperty('shared_buffers');
    expect(settings).not.toHaveProperty('max_connections');
    expect(notes).toEqual([
      `info: max_connections, shared_buffers: set by hand before (${ETC}/postgresql.conf), and left as it is.`,
    ]);
    const input = { databases: [{ name: 'blog' }], maxConnections: 60 };
    expect(compose({ input, clusters: [cluster({ conf })] }).settings).toMatchObject({
      max_connections: '60',
    });
  });

  it('are the same before the package has come and after', () => {
    expect(compose({ clusters: [cluster({ own: `hba_file = 'x'\n` })] })).toEqual(compose());
  });
});

describe('who may log in', () => {
  it('is the LAN, whose networks the server follows by itself', () => {
    const { lan, settings, hba, notes } = compose({ network: { lan: ['10.9.0.0/16'] } });
    expect(lan).toEqual(['samehost', 'samenet', '10.9.0.0/16']);
    expect(settings).toMatchObject({ listen_addresses: '*', hba_file: `${ETC}/hostwright_hba.conf` });
    expect(hba).toContain('hostssl "blog"  "anna"  samenet  scram-sha-256');
    expect(notes).toEqual([]);
  });

  it('is nobody else, whatever the network is like', () => {
    for (const interfaces of [
      HOME,
      { eth0: ['203.0.113.5/24'] },
      { eth0: ['192.168.1.20/24'], eth1: ['203.0.113.5/24'] },
    ])
      for (const expose of ['lan', 'host'] as const) {
        const rules = compose({ interfaces, expose })
          .hba.split('\n')
          .filter((line) => /^\w/.test(line) && !line.startsWith('local'));
        for (const rule of rules) {
          expect(rule).not.toMatch(/\b(all\s+all\s+all|0\.0\.0\.0|::\/0|trust|md5|password)\b/);
          expect(rule).toMatch(/scram-sha-256$/);
        }
      }
  });

  it('is not the neighbours of a rented server', () => {
    const { lan, notes } = compose({ interfaces: { eth0: ['203.0.113.5/24', '2001:db8::5/64'] } });
    expect(lan).toEqual(['samehost']);
    expect(notes[0]).toMatch(/^warning: This machine is in no LAN/);
  });

  it('is the LAN’s lasting networks where another interface is among strangers', () => {
    expect(compose({ interfaces: { ...HOME, wan0: ['203.0.113.5/24'] } }).lan).toEqual([
      ...['samehost', 'fe80::/10', '192.168.1.0/24', 'fd00::/64'],
    ]);
  });

  it('is the machine alone when the host file says so', () => {
    const { lan, settings, hba } = compose({ expose: 'host' });
    expect([lan, settings.listen_addresses]).toEqual([[], 'localhost']);
    expect(hba).not.toContain('hostssl');
  });

  it('is never the internet', () => {
    expect(() => compose({ expose: 'internet' })).toThrow(/not for the internet.*ssh -L/s);
  });

  it('is said by rules that somebody wrote, and the plan tells what they lack', () => {
    const { hba, settings, notes } = compose({
      clusters: [cluster({ hba: `${HBA}host all all 10.0.0.0/8 md5\n` })],
    });
    expect([hba, settings.hba_file]).toEqual(['', undefined]);
    expect(notes).toEqual([
      expect.stringContaining(`warning: ${ETC}/pg_hba.conf was written by hand: it stays`),
    ]);
    expect(notes[0]).toContain('hostssl blog anna samenet scram-sha-256');
  });

  it('is said by another file that somebody has put in its place', () => {
    const conf = CONF.replace(`${ETC}/pg_hba.conf`, '/srv/hba.conf');
    const { hba, notes } = compose({ clusters: [cluster({ conf })] });
    expect(hba).toBe('');
    expect(notes[0]).toMatch(/^warning: \/srv\/hba\.conf was written by hand/);
  });

  it('does not change because somebody edits the file that ours has replaced', () => {
    const edited = cluster({
      hba: 'host all all all trust\n',
      own: `hba_file = '${ETC}/hostwright_hba.conf'\n`,
    });
    const { hba, notes } = compose({ clusters: [edited] });
    expect(hba).toBe(compose().hba);
    expect(notes).toEqual([expect.stringMatching(/pg_hba\.conf was changed by hand and says nothing/)]);
  });
});

describe('a cluster that is there', () => {
  it('is told what of it is replaced', () => {
    const conf = `listen_addresses = '10.0.0.1'\nssl_min_protocol_version = TLSv1.3\nssl_ciphers = 'HIGH:!aNULL'\njit = no\n${CONF.replace('ssl = on', 'ssl = off')}`;
    const { notes, settings } = compose({ clusters: [cluster({ conf })] });
    expect(notes).toEqual([
      `info: listen_addresses was 10.0.0.1 (${ETC}/postgresql.conf); from now on it is *, by conf.d/hostwright.conf.`,
      `info: ssl was off (${ETC}/postgresql.conf); from now on it is on, by conf.d/hostwright.conf.`,
    ]);
    expect(settings.ssl_min_protocol_version).toBe('TLSv1.3');
    expect(settings.ssl_ciphers).toMatch(/HIGH:!aNULL/);
    expect(compose().settings.ssl_ciphers).toMatch(/^'?ECDHE\+AESGCM:ECDHE\+CHACHA20'?$/);
  });

  it.each([
    [
      'further down in postgresql.conf',
      { conf: `${CONF}listen_addresses = '*'\n` },
      /above the line include_dir/,
    ],
    ['by ALTER SYSTEM', { auto: "listen_addresses = '*'\n" }, /ALTER SYSTEM RESET listen_addresses/],
    [
      'without the folder of our file',
      { conf: CONF.replace(/^include_dir.*\n/m, '') },
      /include_dir = 'conf\.d'/,
    ],
  ])('stops the plan where something has the last word: %s', (_, found, remedy) => {
    expect(() => compose({ expose: 'host', clusters: [cluster(found)] })).toThrow(remedy);
  });

  it('may have been moved to another port by the host file', () => {
    const input = { databases: [{ name: 'blog' }], port: 5433 };
    const ours = cluster({ own: '' });
    expect(compose({ input, clusters: [ours] }).settings.port).toBe('5433');
    expect(() => compose({ input, clusters: [cluster()] })).toThrow(
      /listens on port 5432, not 5433.*port: 5432/s,
    );
    const sockets = ['tcp LISTEN 0 128 0.0.0.0:5433 0.0.0.0:* users:(("dovecot",pid=7,fd=3))'];
    expect(() => compose({ input, clusters: [ours], sockets })).toThrow(/Port 5433 is taken.*dovecot/s);
  });

  it('may keep its data elsewhere', () => {
    const there = { ...cluster(), data: '/srv/pg', spaces: ['/mnt/fast'] };
    const { sandbox } = compose({ clusters: [there] });
    expect(sandbox).toContain('\nReadWritePaths="/srv/pg"\nReadWritePaths="/mnt/fast"\nProtectHome=yes\n');
    const home = compose({ clusters: [{ ...there, data: '/home/pg' }] });
    expect(home.sandbox).toContain('\nProtectHome=read-only\n');
  });
});

it('is the PostgreSQL of the release', () => {
  expect(compose({ release: 'trixie' }).ids).toContain('service:postgresql@17-main');
  expect(() => compose({ release: 'sid' })).toThrow(/is not known.*apt-get install postgresql/s);
});

it('is one server on a host', () => {
  expect(() => compose({ siblings: [{ role: 'other', input: {} }] })).toThrow(
    'The roles postgres and other are both a PostgreSQL server, and a host has one.',
  );
});

describe('the host file', () => {
  it.each([
    [{ databases: [] }, /at least one database/],
    [{ databases: [{ name: 'postgres' }] }, /own use/],
    [{ databases: [{ name: 'Blog' }] }, /small letters/],
    [{ databases: [{ name: 'blog', owner: 'postgres' }] }, /administrator/],
    [{ databases: [{ name: 'blog', owner: 'pg_monitor' }] }, /PostgreSQL’s own/],
    [{ databases: [{ name: 'blog' }], users: ['none'] }, /PostgreSQL’s own/],
    [{ databases: [{ name: 'blog' }, { name: 'blog' }] }, /there is a database blog already/],
    [{ databases: [{ name: 'blog', extensions: ['pg_cron'] }] }, /shared_preload_libraries/],
  ])('says what cannot be: %j', (input, why) => {
    const { success, error } = recipe.inputs.safeParse(input);
    expect(success).toBe(false);
    expect(error?.issues[0]?.message).toMatch(why);
  });

  it('needs a name of a database alone', () => {
    const { ids } = compose({
      input: { databases: [{ name: 'shop', extensions: ['citext', 'postgis', 'citext'] }] },
    });
    expect(ids.filter((id) => /^(package|postgres-)/.test(id))).toEqual([
      ...[
        'package:postgresql-15',
        'package:postgresql-15-postgis-3',
        'package:openssl',
        'postgres-role:shop',
      ],
      ...['postgres-database:shop', 'postgres-extension:shop/citext', 'postgres-extension:shop/postgis'],
    ]);
  });
});
