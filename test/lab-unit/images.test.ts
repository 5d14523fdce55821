import { expect, test } from 'vitest';
import { boxImage, imageFolder, peerImage } from '../../src/lab/images.ts';
import { knownHosts } from '../../src/lab/keys.ts';

test('an image is named after what is in it', () => {
  const image = boxImage('bookworm');
  expect(imageFolder(image)).toBe(imageFolder(boxImage('bookworm')));
  const others = [
    boxImage('trixie'),
    peerImage(),
    { ...image, packages: [...image.packages, 'less'] },
    { ...image, files: { ...image.files, '/etc/motd': 'hello' } },
  ];
  expect(new Set([image, ...others].map(imageFolder)).size).toBe(5);
});

test('the box has updates and security among its sources', () => {
  const sources = boxImage('trixie').files['/etc/apt/sources.list'] ?? '';
  for (const suite of ['trixie main', 'trixie-updates main', 'trixie-security main'])
    expect(sources).toContain(suite);
});

test('known_hosts names a machine by all its addresses', () => {
  const key = { file: 'ssh_host_ed25519_key', privateKey: '', publicKey: 'ssh-ed25519 AAAA root@internet' };
  expect(knownHosts({ internet: [key] })).toBe('203.0.113.1,2001:db8:ffff::1 ssh-ed25519 AAAA\n');
});
