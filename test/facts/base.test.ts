import { describe, expect, it } from 'vitest';
import { fact as clock } from '../../src/facts/probes/clock.ts';
import { fact as machine } from '../../src/facts/probes/machine.ts';
import { ownSetting, fact as sshd } from '../../src/facts/probes/sshd.ts';
import { fact as upgrades } from '../../src/facts/probes/upgrades.ts';
import { UPGRADES_FILE } from '../../src/facts/upgrades/files.ts';

describe('the sshd fact', () => {
  it.each([
    'allowusers',
    'allowgroups',
    'denyusers',
    'denygroups',
    'authenticationmethods',
    'passwordauthentication',
    'permitrootlogin',
  ])('asks for %s, which recipes look at', (setting) => {
    const [, pattern = ''] = /grep -E '(\^[^']*)'/.exec(String(sshd.script)) ?? [];
    expect(`${setting} word`).toMatch(new RegExp(pattern));
  });

  it('reads what holds, where it stands, and who could log in', () => {
    const found = sshd.parse(`##effective
passwordauthentication yes
authenticationmethods publickey,password publickey
##config
include "/etc/ssh/sshd_config.d/*.conf"
UsePAM yes
3:include "/etc/ssh/sshd_config.d/*.conf"
##drop-ins
sshd_config.d/00-hostwright.conf:PasswordAuthentication no
sshd_config.d/50-cloud-init.conf:  PermitRootLogin=yes
##host-keys
ssh-ed25519
ecdsa-sha2-nistp256
ssh-rsa
##people
root none keys
pi password
`);
    expect(found).toMatchObject({ installed: true, include: 'first', hostKeys: ['ed25519', 'ecdsa', 'rsa'] });
    expect(found.effective).toEqual({
      passwordauthentication: 'yes',
      authenticationmethods: 'publickey,password publickey',
    });
    expect(found.dropIns[1]).toEqual({
      file: '/etc/ssh/sshd_config.d/50-cloud-init.conf',
      key: 'permitrootlogin',
      value: 'yes',
    });
    expect(ownSetting(found, 'passwordauthentication')).toBe('no');
    expect(ownSetting(found, 'permitrootlogin')).toBeUndefined();
    expect(found.people).toEqual([
      { name: 'root', password: false, keys: true },
      { name: 'pi', password: true, keys: false },
    ]);
  });

  it.each([
    ['Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\n2:Include /etc/ssh/sshd_config.d/*.conf\n', 'late'],
    ['Port 22\n', 'none'],
    ['Include /etc/ssh/other/*.conf\n', 'none'],
  ])('tells from %j that the folder is read: %s', (config, include) => {
    expect(sshd.parse(`##effective\n##config\n${config}`).include).toBe(include);
  });

  it('knows nothing of nothing', () => {
    expect(sshd.parse('')).toMatchObject({ installed: false, include: 'none', people: [], hostKeys: [] });
  });
});

describe('the clock fact', () => {
  it('reads the zone and who keeps the clock right, each once', () => {
    const unit = (id: string, load: string, active: string, file: string) =>
      `Id=${id}\nLoadState=${load}\nActiveState=${active}\nUnitFileState=${file}\n`;
    const units = [
      unit('chrony.service', 'not-found', 'inactive', ''),
      unit('ntpsec.service', 'loaded', 'active', 'enabled'),
      unit('ntpsec.service', 'loaded', 'active', 'enabled'),
      unit('systemd-timesyncd.service', 'loaded', 'inactive', 'disabled'),
    ].join('\n');
    expect(
      clock.parse(`##zone\n../usr/share/zoneinfo/Etc/UTC\n##old\nEtc/UTC\n##zones\nyes\n##units\n${units}`),
    ).toEqual({
      timezone: 'Etc/UTC',
      zones: true,
      keepers: [
        { unit: 'ntpsec', running: true, enabled: true },
        { unit: 'systemd-timesyncd', running: false, enabled: false },
      ],
    });
    expect(clock.parse('')).toEqual({ timezone: '', zones: false, keepers: [] });
    expect(clock.parse('##zone\n##old\nEurope/Berlin\n').timezone).toBe('Europe/Berlin');
  });
});

describe('the machine fact', () => {
  it.each([
    ['', { lid: false }],
    ['##container\nnone\n##lid\n', { lid: false }],
    ['##container\nlxc\n##lid\n/proc/acpi/button/lid/LID/state\n', { container: 'lxc', lid: true }],
    ['##container\n##lid\n##cloud\n', { lid: false, cloudInit: { userHosts: false } }],
    ['##lid\n##cloud\nmanage_etc_hosts: true\n', { lid: false, cloudInit: { userHosts: true } }],
  ])('reads %j', (output, expected) => {
    expect(machine.parse(output)).toEqual(expected);
  });
});

describe('the upgrades fact', () => {
  it('reads the last word of others on each setting, and leaves ours out', () => {
    const found = upgrades.parse(`##package
ii 
##ours
##settings
apt.conf.d/10periodic:APT::Periodic::Unattended-Upgrade "0";
apt.conf.d/20auto-upgrades:APT::Periodic::Unattended-Upgrade "1";
apt.conf.d/50unattended-upgrades:Unattended-Upgrade::Origins-Pattern {
${UPGRADES_FILE.replace('/etc/apt/', '')}:APT::Periodic::Unattended-Upgrade "2";
apt.conf.d/90local:DPkg::Options { "--force-confnew"; };
`);
    expect(found).toMatchObject({ installed: true, ours: false, confFiles: '/etc/apt/apt.conf.d/90local' });
    expect(found.settings).toEqual({
      'apt::periodic::unattended-upgrade': { value: '1', file: '/etc/apt/apt.conf.d/20auto-upgrades' },
    });
  });

  it.each([
    ['', false],
    ['there\n', true],
    ['0123abcd\n', true],
    ['\n', false],
  ])('is ours when the file is there, or is remembered: %j', (said, ours) => {
    expect(upgrades.parse(`##package\n##ours\n${said}##settings\n`)).toMatchObject({
      installed: false,
      ours,
    });
  });
});
