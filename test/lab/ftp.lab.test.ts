import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reboot } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences, type Manifest } from '../../src/rehearse/manifest.ts';
import {
  type Finished,
  hostwright,
  summaryOf,
  type WorkingFolder,
  workingFolder,
} from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { releasesOf } from './support/releases.ts';
import { upToDate } from './support/snapshot.ts';

const LAB = 'ftp';
const BOX = '192.168.1.20';

const host = (key: string, ftp: string): string => `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  firewall: {}
  base: { timesync: false, upgrades: { enabled: false } }
  ftp: { users: [{ name: anna, folders: [www] }, { name: ben }]${ftp} }
  sftp: { users: [{ name: anna, folders: [www] }, { name: carl, folders: [www], keys: ["${key}"] }] }
  blog: { recipe: site, root: /srv/shared/www }
`;

type Node = 'box' | 'phone' | 'internet' | 'router';

async function on(node: Node, script: string, input = ''): Promise<Finished> {
  return labCapture({ name: LAB, node, argv: ['sh', '-c', script] }, { input });
}

async function out(node: Node, script: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await on(node, script, input);
  if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}\n${stdout}`);
  return stdout.trim();
}

const url = (path: string): string => `ftp://${BOX}/${path}`;

/** curl for explicit FTPS; the certificate is self-signed, so whose it is cannot be verified here. */
async function curl(login: string, words: string, node: Node = 'phone'): Promise<Finished> {
  return on(node, `cd /root && curl -sS -k --ssl-reqd -m 30 -K - ${words}`, `user = "${login}"\n`);
}

/** lftp with these commands, once logged in. */
async function lftp(login: string, ...commands: readonly string[]): Promise<Finished> {
  const [user, password] = login.split(':');
  const lines = [
    'set ssl:verify-certificate no',
    'set ftp:ssl-force true',
    'set ftp:ssl-protect-data true',
    'set net:max-retries 1',
    'set net:timeout 20',
    `open -u ${user},${password} ${BOX}`,
    ...commands,
  ];
  return on('phone', 'cd /root && cat >lftp.txt && HOME=/root timeout 60 lftp -f lftp.txt', lines.join('\n'));
}

const SSH = '-o StrictHostKeyChecking=accept-new -o LogLevel=ERROR -o ConnectTimeout=10';
/** By password alone, which comes out of a file by way of a program, or by the key alone. */
const byPassword = `SSH_ASKPASS=/root/askpass SSH_ASKPASS_REQUIRE=force`;
const PASSWORD_ONLY = '-o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1';
const KEY_ONLY = '-i /root/key -o IdentitiesOnly=yes -o BatchMode=yes';

/** Batch mode would forbid the password: the first word on it counts. */
const sftp = (user: string, how: 'key' | 'password', commands: string): Promise<Finished> =>
  on(
    'phone',
    how === 'key'
      ? `cd /root && timeout 60 sftp ${SSH} ${KEY_ONLY} -b - ${user}@${BOX}`
      : `cd /root && ${byPassword} timeout 60 sftp -o BatchMode=no ${SSH} ${PASSWORD_ONLY} -b - ${user}@${BOX}`,
    commands,
  );

describe.each(releasesOf('bookworm'))('FTP and SFTP on %s', (release) => {
  let folder: WorkingFolder;
  let before: Manifest;
  let key: string;
  let anna: string;

  async function run(words: readonly string[], code = 0): Promise<Finished> {
    const finished = await hostwright(words, folder.path);
    const said = `${words.join(' ')}\n${finished.stderr}\n${finished.stdout.slice(-3000)}`;
    expect(finished.code, said).toBe(code);
    return finished;
  }
  const apply = async () => summaryOf(await run(['apply', '--yes', '--json', '--no-check']));
  const show = async (name: string): Promise<string> =>
    (await run(['secrets', 'show', name, '--yes'])).stdout.trimEnd();

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    folder = workingFolder();
  });
  afterAll(async () => {
    folder.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('share users and folders with each other and with a site, and lock everybody in', async () => {
    await upToDate(LAB);
    before = await manifestOf(LAB);
    key = await out('phone', "ssh-keygen -q -t ed25519 -N '' -C phone -f /root/key && cat /root/key.pub");
    folder.write('host.yaml', host(key, ''));
    await apply();
    expect(await apply()).toMatchObject({ changed: 0, roundTrips: 2 });
    anna = `anna:${await show('sftp/anna')}`;
    const ben = `ben:${await show('ftp/ben')}`;
    await out(
      'phone',
      `cd /root; head -c 3000000 /dev/urandom >big; head -c 1000000 big >part; cp part down
umask 077; cat >secret; printf '#!/bin/sh\\ncat /root/secret\\n' >askpass; chmod 700 askpass`,
      anna.slice('anna:'.length),
    );

    // FTPS: up, down, on where it stopped, in both directions and with two clients; the site serves what came.
    const page = await on('phone', `cd /root && echo '<h1>sent</h1>' >index.html`);
    expect(page.code).toBe(0);
    const sent = await curl(anna, `-v --disable-epsv -T index.html ${url('%2fwww/index.html')}`);
    expect(sent.code, sent.stderr).toBe(0);
    expect(sent.stderr).toMatch(/227 Entering Passive Mode \(192,168,1,20,82,/);
    expect(await out('phone', `curl -sS -m 10 http://${BOX}/`)).toBe('<h1>sent</h1>');
    for (const [words, from] of [
      [`-T part ${url('file')}`, 'part'],
      [`-C - -T big ${url('file')}`, 'big'],
      [`-C - -o down ${url('file')}`, 'big'],
    ] as const) {
      const { code, stderr } = await curl(anna, words);
      expect(code, stderr).toBe(0);
      const stored = await on('box', 'cat /srv/files/anna/files/file | sha256sum');
      expect(stored.stdout, words).toBe(
        await out('phone', `cat /root/${from} | sha256sum`).then((sum) => `${sum}\n`),
      );
    }
    await out('phone', 'cmp /root/down /root/big');
    const listing = await lftp(
      anna,
      'put part -o other',
      'put -c big -o other',
      'get other -o back',
      '!cmp big back && echo same',
      'mkdir /www/new',
      'put index.html -o /www/new/index.html',
      'ls /',
      'cd /',
      'cd ../../..',
      'ls',
      'cat /files/../../../etc/passwd',
    );
    expect(listing.stdout).toContain('same');
    const names = listing.stdout.split('\n').flatMap((line) => /^d\S+.* (\S+)$/.exec(line)?.[1] ?? []);
    expect(names).toEqual(['files', 'www', 'files', 'www']);
    expect(listing.stdout).not.toContain('root:');
    expect(await out('phone', `curl -sS -m 10 http://${BOX}/new/`)).toBe('<h1>sent</h1>');

    // A file that was sent, whichever way, is never a setting.
    await out('phone', "printf '<Limit ALL>\\nDenyAll\\n</Limit>\\n' >/root/.ftpaccess");
    expect((await sftp('anna', 'password', 'put .ftpaccess /www/.ftpaccess\n')).code).toBe(0);
    expect((await curl(anna, url('%2fwww/index.html'))).stdout).toBe('<h1>sent</h1>\n');
    await out('box', 'rm /srv/shared/www/.ftpaccess');

    // Who must not, and how one must not.
    const plain = await on('phone', `curl -sS -m 20 -K - ${url('')}`, `user = "${anna}"\n`);
    expect([plain.code, plain.stderr]).toEqual([67, expect.stringContaining('550')]);
    for (const login of [
      'anna:wrong',
      'carl:',
      'word:word',
      'root:root',
      'anonymous:a@b',
      `anna:${ben.slice(4)}`,
    ]) {
      expect([login, (await curl(login, url(''))).code]).toEqual([login, 67]);
    }
    const spoken = await out(
      'phone',
      `for v in tls1 tls1_1 tls1_2 tls1_3; do
  if openssl s_client -starttls ftp -$v -cipher ALL:@SECLEVEL=0 -connect ${BOX}:21 </dev/null 2>/dev/null | grep -q '^New, TLS'; then echo $v; fi
done`,
    );
    expect(spoken.split('\n')).toEqual(['tls1_2', 'tls1_3']);
    expect((await curl(ben, url('%2f'))).stdout.trim().split('\n')).toHaveLength(1);

    // SFTP: by password although base wants keys, by key, the same files; nothing but files.
    const seen = await sftp(
      'anna',
      'password',
      'pwd\nls -1\nget file sftp-down\nput index.html from-sftp\nls -1 /\ncd /../..\nls -1 /etc\n',
    );
    expect(seen.stdout, seen.stderr).toContain('Remote working directory: /files');
    expect(seen.stdout.split('\n')).toEqual(expect.arrayContaining(['file', 'other', '/files', '/www']));
    expect(`${seen.stdout}${seen.stderr}`).toMatch(/"\/etc" not found/);
    await out('phone', 'cmp /root/sftp-down /root/big');
    expect((await curl(anna, url('from-sftp'))).stdout).toBe('<h1>sent</h1>\n');
    const carl = await sftp(
      'carl',
      'key',
      'put index.html /www/carl.html\nls -1 /www\nput index.html /escape\n',
    );
    expect(carl.stdout).toContain('/www/carl.html');
    expect(carl.code, 'batch mode ends at what is refused').not.toBe(0);
    expect(await out('phone', `curl -sS -m 10 http://${BOX}/carl.html`)).toBe('<h1>sent</h1>');
    expect(
      (await lftp(anna, 'cd /www', 'rm carl.html', 'put index.html -o carl.html', 'rm carl.html')).stderr,
    ).toBe('');
    const shell = (words: string) => on('phone', `timeout 20 ssh ${SSH} ${KEY_ONLY} ${words} 2>&1`);
    expect((await shell(`carl@${BOX} id`)).stdout).not.toContain('uid=');
    expect((await shell(`-W 127.0.0.1:80 carl@${BOX}`)).stdout).toMatch(/prohibited|failed/);
    const wrong = await on(
      'phone',
      `timeout 20 ssh ${SSH} -o PreferredAuthentications=password -o BatchMode=yes -v carl@${BOX} 2>&1`,
    );
    expect(wrong.stdout).toMatch(/Authentications that can continue: publickey\r?\n/);
    const other = await on('phone', `timeout 20 ssh ${SSH} -o BatchMode=yes -v word@${BOX} 2>&1`);
    expect(other.stdout).toMatch(/Authentications that can continue: publickey\r?\n/);
    const outside = await out('box', 'sshd -T -C user=anna,host=x,addr=203.0.113.9 | grep -i denyusers');
    expect(outside).toBe('denyusers *');

    const report = JSON.parse((await run(['check', '--json'])).stdout) as {
      results: readonly { vantage: string; role: string; ok: boolean; steps: readonly { name: string }[] }[];
    };
    const mine = report.results.filter(({ role }) => role === 'ftp' || role === 'sftp');
    expect(mine.filter(({ ok }) => !ok)).toEqual([]);
    const steps = (role: string) =>
      mine.find((one) => one.vantage === 'phone' && one.role === role)?.steps.map(({ name }) => name);
    expect(steps('ftp')).toEqual(['tcp', 'ftp', 'plain text', 'tls']);
    expect(steps('sftp')).toEqual(['tcp', 'ssh']);
    const exposure = await out('box', 'systemd-analyze security proftpd --no-pager | tail -n 1');
    expect(Number(/: ([0-9.]+) /.exec(exposure)?.[1])).toBeLessThanOrEqual(4);
    expect(await out('box', 'systemctl --failed --no-legend')).toBe('');
  }, 900_000);

  it('tell each client an address that it can use, also after a restart, and leave what was sent', async () => {
    // A restart; and clients from outside are told another address than those on the LAN.
    folder.write('host.yaml', host(key, ', expose: internet, publicAddress: 203.0.113.2'));
    await apply();
    await reboot(LAB);
    expect((await curl(anna, url('%2fwww/index.html'))).stdout).toBe('<h1>sent</h1>\n');
    const told = async (node: Node, address: string): Promise<string> => {
      const words = `-v --disable-epsv --no-ftp-skip-pasv-ip -o got ftp://${address}/file`;
      const { code, stderr } = await curl(anna, words, node);
      expect(code, stderr).toBe(0);
      return /227 Entering Passive Mode \((\d+,\d+,\d+,\d+)/.exec(stderr)?.[1] ?? '';
    };
    expect(await told('phone', BOX)).toBe('192,168,1,20');
    await passOn();
    expect(await told('internet', '203.0.113.2')).toBe('203,0,113,2');
    expect(await out('internet', 'sha256sum </root/got')).toBe(await out('phone', 'sha256sum </root/big'));

    // Somebody is still in the middle of something.
    await out(
      'phone',
      `cd /root; (sleep 90 | sftp ${SSH} ${KEY_ONLY} carl@${BOX}) </dev/null >carl.log 2>&1 & sleep 3`,
    );
    expect(await out('box', 'loginctl show-user --value -p State carl')).toBe('active');
    // Whichever goes first, the other still has its users, with the same passwords.
    if (release === 'bookworm') {
      await run(['remove', 'ftp', '--yes']);
      expect((await sftp('anna', 'password', 'ls -1\n')).stdout).toContain('from-sftp');
    } else {
      await run(['remove', 'sftp', '--yes']);
      expect((await curl(anna, url('from-sftp'))).stdout).toBe('<h1>sent</h1>\n');
      expect(`anna:${await show('ftp/anna')}`).toBe(anna);
    }
    await run(['remove', '--all', '--yes']);
    expect(differences(before, await manifestOf(LAB)).filter((line) => !/ \/srv\b/.test(line))).toEqual([]);
    expect(await out('box', 'cat /srv/shared/www/index.html; sha256sum </srv/files/anna/files/file')).toBe(
      `<h1>sent</h1>\n${await out('phone', 'sha256sum </root/big')}`,
    );
  }, 900_000);
});

/** What a person sets up in the router. */
async function passOn(): Promise<void> {
  await out(
    'router',
    `nft add rule ip router-nat prerouting ip daddr 203.0.113.2 tcp dport '{ 21, 21000-21019 }' dnat to ${BOX}
nft add rule inet router forward ct status dnat accept`,
  );
}
