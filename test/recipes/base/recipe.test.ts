import { describe, expect, it } from 'vitest';
import { OUR_DROP_IN } from '../../../src/facts/sshd/drop-in.ts';
import { CONFFILES_FILE, REBOOT_FILE, UPGRADES_FILE } from '../../../src/facts/upgrades/files.ts';
import { CONFIG, compose, contentOf, idsOf, type Login, notesOf } from './context.ts';

const sshd = (situation: Parameters<typeof compose>[0]): string =>
  contentOf(compose(situation), OUR_DROP_IN) ?? '';
const setting = (text: string, key: string): string | undefined =>
  new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1];

const BY_KEY: Login = ['pi', 'publickey'];
const BY_PASSWORD: Login = ['pi', 'password'];

describe('passwords over ssh', () => {
  it.each<[string, string, Login, readonly string[], string | undefined]>([
    ['a key let this connection in', 'auto', BY_KEY, [], 'no'],
    ['a password did', 'auto', BY_PASSWORD, [], undefined],
    ['a question of PAM did', 'auto', ['pi', 'keyboard-interactive/pam'], [], undefined],
    ['nobody is logged in by ssh', 'auto', undefined, [], undefined],
    ['they are off by us already, and nobody is', 'auto', undefined, ['PasswordAuthentication no'], 'no'],
    [
      'a password came in though ours says no (Match)',
      'auto',
      BY_PASSWORD,
      ['PasswordAuthentication no'],
      undefined,
    ],
    ['allowed', 'allow', BY_KEY, [], 'yes'],
    ['denied, by key', 'deny', BY_KEY, [], 'no'],
    ['denied, by the machine itself', 'deny', undefined, [], 'no'],
  ])('%s', (_, passwords, login, own, expected) => {
    const dropIns = own.map((line) => `00-hostwright.conf:${line}`);
    const text = sshd({ input: { ssh: { passwords } }, login, dropIns });
    expect(setting(text, 'PasswordAuthentication')).toBe(expected);
    expect(setting(text, 'KbdInteractiveAuthentication')).toBe(expected === 'no' ? 'no' : undefined);
  });

  it('are not denied to who came by one, nor where nobody has a key', () => {
    const input = { ssh: { passwords: 'deny' } };
    expect(() => compose({ input, login: BY_PASSWORD })).toThrow(
      /would lock you out: pi is logged in by password/,
    );
    expect(() => compose({ input, people: ['root password', 'pi password'] })).toThrow(
      /no account on this machine/,
    );
  });

  it('are said to go on, and how to end that', () => {
    expect(notesOf(compose({ login: BY_PASSWORD }))).toMatch(
      /warning: Passwords still log in .*ssh-copy-id pi@/,
    );
    expect(notesOf(compose({ login: BY_PASSWORD, effective: ['passwordauthentication no'] }))).not.toContain(
      'still log in',
    );
  });

  it('names who is left without a way in, loudly once', () => {
    const people = ['pi none keys', 'anna password', 'ben password', 'root password'];
    expect(notesOf(compose({ login: BY_KEY, people }))).toMatch(
      /warning: .* anna, ben have a password and no key/,
    );
    const dropIns = ['00-hostwright.conf:PasswordAuthentication no'];
    expect(notesOf(compose({ login: BY_KEY, people, dropIns }))).toMatch(/info: .* anna, ben have/);
  });

  it('leaves the questions of a second step alone', () => {
    const text = sshd({ login: BY_KEY, effective: ['authenticationmethods publickey,keyboard-interactive'] });
    expect(setting(text, 'KbdInteractiveAuthentication')).toBeUndefined();
    expect(setting(text, 'PasswordAuthentication')).toBe('no');
  });
});

describe('root over ssh', () => {
  const ROOT_KEYS = ['root none keys', 'pi none keys'];
  it.each<[string, string, Login, readonly string[], readonly string[], string | undefined]>([
    ['somebody became root by sudo, root has no key', 'auto', BY_KEY, [], ['root none'], 'no'],
    ['the same by password', 'auto', BY_PASSWORD, [], ['root password'], 'no'],
    ['root has keys, which something may use', 'auto', BY_KEY, [], ROOT_KEYS, 'prohibit-password'],
    ['it was closed already: never wider', 'auto', BY_KEY, ['permitrootlogin no'], ROOT_KEYS, 'no'],
    [
      'only commands of keys: finer than ours',
      'auto',
      BY_KEY,
      ['permitrootlogin forced-commands-only'],
      ROOT_KEYS,
      undefined,
    ],
    [
      'this connection is root by key',
      'auto',
      ['root', 'publickey'],
      ['permitrootlogin yes'],
      ROOT_KEYS,
      'prohibit-password',
    ],
    [
      'this connection is root by password',
      'auto',
      ['root', 'password'],
      ['permitrootlogin yes'],
      [],
      undefined,
    ],
    ['nobody is logged in by ssh', 'auto', undefined, ['permitrootlogin yes'], [], undefined],
    ['allowed', 'allow', BY_KEY, [], [], 'yes'],
    ['keys only', 'keys', BY_KEY, [], [], 'prohibit-password'],
    ['denied', 'deny', BY_KEY, [], ROOT_KEYS, 'no'],
  ])('%s', (_, root, login, effective, people, expected) => {
    expect(setting(sshd({ input: { ssh: { root } }, login, effective, people }), 'PermitRootLogin')).toBe(
      expected,
    );
  });

  it('stays as it was decided when somebody sits at the machine itself', () => {
    expect(setting(sshd({ dropIns: ['00-hostwright.conf:PermitRootLogin no'] }), 'PermitRootLogin')).toBe(
      'no',
    );
  });

  it('is not denied to who came as root', () => {
    expect(() => compose({ input: { ssh: { root: 'deny' } }, login: ['root', 'publickey'] })).toThrow(
      /you are logged in as root/,
    );
    expect(() => compose({ input: { ssh: { root: 'keys' } }, login: ['root', 'password'] })).toThrow(
      /you are logged in by password/,
    );
  });
});

describe('the file for sshd', () => {
  it('is guarded, proven by sshd, and reloads it', () => {
    const resource = compose({ login: BY_KEY }).resources.find(({ id }) => id === `file:${OUR_DROP_IN}`);
    expect(resource).toMatchObject({
      guarded: true,
      notify: [{ service: 'ssh', action: 'reload' }],
      validate: { root: '/etc/ssh' },
    });
    expect(resource?.validate?.command.join(' ')).toMatch(/exec sshd -t$/);
  });

  it('keeps ECDSA for a client that knows the host by that key', () => {
    const known = { login: BY_KEY, knownBy: 'ecdsa-sha2-nistp256' } as const;
    expect(sshd(known)).not.toContain('HostKeyAlgorithms');
    expect(sshd(known)).toContain('KexAlgorithms');
    expect(notesOf(compose(known))).toContain('goes on showing its ECDSA key');
    expect(sshd({ ...known, knownBy: 'ssh-ed25519' })).toContain('HostKeyAlgorithms -ecdsa');
  });

  it('keeps ECDSA where there is no ED25519 key, and all algorithms on request', () => {
    expect(sshd({ hostKeys: ['ssh-rsa', 'ecdsa-sha2-nistp256'] })).not.toContain('HostKeyAlgorithms');
    expect(sshd({})).toContain('HostKeyAlgorithms -ecdsa');
    expect(sshd({ input: { ssh: { algorithms: 'keep' } } })).not.toContain('Algorithms');
  });

  it.each([
    ['nothing reads the folder', { config: 'Port 22\n' }, /does not read the folder.*Include/],
    ['there is no sshd', { facts: { sshd: '' } }, /no sshd/],
    ['it is not wanted', { input: { ssh: { harden: false } } }, /left as it is/],
  ])('is not written where %s', (_, situation, note) => {
    const parts = compose(situation);
    expect(contentOf(parts, OUR_DROP_IN)).toBeUndefined();
    expect(notesOf(parts)).toMatch(note);
  });

  it('says what is read before it', () => {
    const dropIns = [
      '00-admin.conf:X11Forwarding yes',
      '00-admin.conf:PermitEmptyPasswords no',
      '50-x.conf:X11Forwarding yes',
    ];
    const said = notesOf(compose({ dropIns }));
    expect(said).toContain(
      '/etc/ssh/sshd_config.d/00-admin.conf is read before ours and says x11forwarding yes',
    );
    expect(said).not.toMatch(/50-x|permitempty/);
    const late = compose({
      config: `PasswordAuthentication yes\n${CONFIG.split('\n')[1]}\n`,
      login: BY_KEY,
      dropIns: ['00-hostwright.conf:PasswordAuthentication no'],
      effective: ['passwordauthentication yes', 'permitrootlogin no'],
    });
    expect(notesOf(late)).toMatch(/otherwise on passwordauthentication: move its Include line to the top/);
  });
});

describe('upgrades', () => {
  const theirs = (value: string) =>
    `##package\nii \n##ours\n##settings\napt.conf.d/20auto-upgrades:APT::Periodic::Unattended-Upgrade "${value}";\n`;

  it('get a policy that comes after those of Debian', () => {
    const parts = compose();
    expect(contentOf(parts, UPGRADES_FILE)).toMatch(/Unattended-Upgrade "1"[\s\S]*Automatic-Reboot "false"/);
    expect(contentOf(parts, CONFFILES_FILE)).toContain('{ "--force-confdef"; "--force-confold"; }');
    expect(idsOf(parts)).toContain('package:unattended-upgrades');
  });

  it.each([
    [
      '1',
      'info: Upgrades by themselves are set up already, in /etc/apt/apt.conf.d/20auto-upgrades: that stays',
    ],
    [
      '0',
      'warning: Upgrades by themselves are switched off, in /etc/apt/apt.conf.d/20auto-upgrades: that stays',
    ],
  ])('keep the policy that is there: %s', (value, note) => {
    const parts = compose({ facts: { upgrades: theirs(value) } });
    expect(idsOf(parts).filter((id) => /upgrade/.test(id))).toEqual([]);
    expect(contentOf(parts, CONFFILES_FILE)).toBeDefined();
    expect(notesOf(parts)).toContain(note);
  });

  it('take the word of the host file before it, and stay ours once they are', () => {
    const input = { upgrades: { enabled: true } };
    expect(contentOf(compose({ input, facts: { upgrades: theirs('0') } }), UPGRADES_FILE)).toBeDefined();
    const ours = theirs('1').replace('##ours\n', '##ours\nthere\n');
    expect(contentOf(compose({ facts: { upgrades: ours } }), UPGRADES_FILE)).toBeDefined();
  });

  it('restart the machine only at a time that was chosen', () => {
    const input = { upgrades: { reboot: '04:30' } };
    expect(contentOf(compose({ input }), UPGRADES_FILE)).toMatch(/Reboot "true";\n.*Reboot-Time "04:30"/);
    const beside = compose({ input, facts: { upgrades: theirs('1') } });
    expect(contentOf(beside, UPGRADES_FILE)).toBeUndefined();
    expect(contentOf(beside, REBOOT_FILE)).toContain('Automatic-Reboot-Time "04:30"');
    expect(() => compose({ input: { upgrades: { reboot: '24:00' } } })).toThrow(/time of day/);
  });

  it('leave it to who has settled it what becomes of changed settings', () => {
    const settings = '##settings\napt.conf.d/90local:DPkg::Options { "--force-confnew"; };\n';
    const parts = compose({ facts: { upgrades: settings } });
    expect(contentOf(parts, CONFFILES_FILE)).toBeUndefined();
    expect(notesOf(parts)).toContain('/etc/apt/apt.conf.d/90local says already');
  });

  it('know the names of Raspberry Pi OS', () => {
    const facts = { os: 'ID=raspbian\n' };
    expect(contentOf(compose({ facts }), UPGRADES_FILE)).toContain('origin=Raspbian,');
    expect(contentOf(compose(), UPGRADES_FILE)).not.toContain('Raspbian');
  });
});

describe('the clock', () => {
  const keeper = (unit: string, active: string) =>
    `##units\nId=${unit}.service\nLoadState=loaded\nActiveState=${active}\nUnitFileState=enabled\n`;
  it.each([
    ['by default', {}, true, /systemd-timesyncd keeps/],
    ['beside chrony', { clock: keeper('chrony', 'active') }, false, /chrony keeps the clock right already/],
    [
      'beside an ntp that stands still',
      { clock: keeper('ntpsec', 'failed') },
      false,
      /warning: ntpsec is installed/,
    ],
    ['in a container', { machine: '##container\nlxc\n' }, false, /container \(lxc\)/],
    ['where it is there', { clock: keeper('systemd-timesyncd', 'active') }, true, /systemd-timesyncd keeps/],
  ])('%s', (_, facts, ours, note) => {
    const parts = compose({ facts });
    expect(idsOf(parts).includes('service:systemd-timesyncd')).toBe(ours);
    expect(notesOf(parts)).toMatch(note);
  });
});

describe('the lid', () => {
  const facts = { machine: '##container\n##lid\n/proc/acpi/button/lid/LID/state\n' };
  it.each([
    ['is mentioned', {}, facts, /warning: This machine has a lid/, false],
    ['is not, once it was thought of', { lid: 'keep' }, facts, /^(?!.*lid)/s, false],
    ['is not, where there is none', {}, {}, /^(?!.*lid)/s, false],
    ['is ignored on request', { lid: 'ignore' }, facts, /stays awake/, true],
  ])('%s', (_, input, given, note, written) => {
    const parts = compose({ input, facts: given });
    expect(notesOf(parts)).toMatch(note);
    expect(idsOf(parts).includes('file:/etc/systemd/logind.conf.d/50-hostwright-lid.conf')).toBe(written);
  });
});

it('never gives the machine a name, a zone or anything else that nobody has asked for', () => {
  expect(idsOf(compose()).filter((id) => /^(?:hostname|timezone):|cloud/.test(id))).toEqual([]);
});
