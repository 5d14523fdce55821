/** What the base images hold. An image is named after its content, so a change here builds a new one. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { joinShell, type Shell, sh } from '../quote.ts';
import { PACKAGE_PORT, WAN } from './network.ts';
import { IMAGES, type Release } from './places.ts';
import { type BoxUser, USERS } from './users.ts';

/** A root file system that machines start from; each machine adds a layer of its own. */
export interface Image {
  /** `box-bookworm`, `peer-trixie`. */
  readonly kind: string;
  readonly release: Release;
  readonly packages: readonly string[];
  /** Text files to write, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Run inside the image at last. */
  readonly finish: Shell;
}

/** What a minimal Debian server has; nothing that hostwright could lean on by accident. */
const BOX_PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'libpam-systemd',
  'openssh-server',
  'iproute2',
  'nftables',
  'ca-certificates',
  'sudo',
];

/** The other machines: clients to test with, and what routers and the public side of the internet run. */
const PEER_PACKAGES = [
  'openssh-server',
  'iproute2',
  'iputils-ping',
  'nftables',
  'dnsmasq-base',
  'ca-certificates',
  'curl',
  'nmap',
  'netcat-openbsd',
  'bind9-dnsutils',
  'lftp',
  'postgresql-client',
  'mariadb-client',
  'openssl',
  'pebble',
  'miniupnpd-nftables',
  'miniupnpc',
  'procps',
];

/** The image of the box. */
export function boxImage(release: Release): Image {
  return {
    kind: `box-${release}`,
    release,
    packages: BOX_PACKAGES,
    files: {
      '/etc/systemd/network/10-lan.network': '[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=yes\n',
      '/etc/apt/sources.list': sources(release),
      '/etc/apt/apt.conf.d/90lab-proxy': aptConfiguration(),
    },
    finish: joinShell([
      CLEAN,
      sh`ln -s /dev/null /etc/systemd/system/systemd-firstboot.service
systemctl enable systemd-networkd.service ssh.service >/dev/null 2>&1`,
      ...USERS.map(account),
    ]),
  };
}

/** The image of every other machine; always Debian 13, whose clients and servers can do more. */
export function peerImage(): Image {
  return {
    kind: 'peer-trixie',
    release: 'trixie',
    packages: PEER_PACKAGES,
    files: {
      '/etc/apt/sources.list': sources('trixie'),
      '/etc/apt/apt.conf.d/90lab-proxy': aptConfiguration(),
    },
    finish: CLEAN,
  };
}

/** Of how an image is built; counted up when that changes. */
const FORMAT = 2;

export function imageFolder(image: Image): string {
  const { kind, release, packages, files, finish } = image;
  const content = JSON.stringify([FORMAT, release, packages, files, finish.text]);
  return join(IMAGES, `${kind}-${createHash('sha256').update(content).digest('hex').slice(0, 12)}`);
}

/** Host keys and the machine's id are each lab's own. */
const CLEAN = sh`set -eu
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /etc/resolv.conf /etc/hostname
: > /etc/machine-id`;

function account({ name, uid, password, sudo }: BoxUser): Shell {
  const steps = [sh`useradd --create-home --shell /bin/bash --uid ${uid} ${name}`];
  if (password !== undefined) steps.push(sh`printf '%s\n' ${`${name}:${password}`} | chpasswd`);
  if (sudo === 'password') steps.push(sh`usermod --append --groups sudo ${name}`);
  if (sudo === 'free') {
    steps.push(sh`printf '%s\n' ${`${name} ALL=(ALL:ALL) NOPASSWD: ALL`} > ${`/etc/sudoers.d/${name}`}`);
    steps.push(sh`chmod 0440 ${`/etc/sudoers.d/${name}`}`);
  }
  return joinShell(steps);
}

function sources(release: Release): string {
  return [
    `deb http://deb.debian.org/debian ${release} main`,
    `deb http://deb.debian.org/debian ${release}-updates main`,
    `deb http://deb.debian.org/debian-security ${release}-security main`,
    '',
  ].join('\n');
}

/** The only way out of the lab; by address, so that it works whatever is done to the box's resolver. */
function aptConfiguration(): string {
  return `Acquire::http::Proxy "http://${WAN.internet.v4}:${PACKAGE_PORT}";\n`;
}
