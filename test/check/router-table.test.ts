import { describe, expect, it } from 'vitest';
import { routerTable } from '../../src/check/router-table.ts';

describe('what to type into the router', () => {
  it('is a table with its page and each field of its form', () => {
    const text = routerTable(
      [
        { name: 'blog https', protocol: 'tcp', port: 443 },
        { name: 'blog http3', protocol: 'udp', port: 443 },
        { name: 'transfers', protocol: 'tcp', port: 50_000, lastPort: 50_099 },
        { name: 'wiki', protocol: 'tcp', port: 8443, externalPort: 443 },
      ],
      '192.168.1.20',
      '192.168.1.1',
    );
    expect(text).toBe(`Open your router's page in a browser: http://192.168.1.1
Look for "port forwarding", "virtual server" or "port sharing", and type:

  name        protocol  external port  internal address  internal port
  blog https  TCP       443            192.168.1.20      443
  blog http3  UDP       443            192.168.1.20      443
  transfers   TCP       50000-50099    192.168.1.20      50000-50099
  wiki        TCP       443            192.168.1.20      8443

Give the host the address 192.168.1.20 for good there too (DHCP reservation).`);
  });

  it('is a list where a table would be wider than 80 columns', () => {
    const name = 'a-role-with-a-very-long-name-of-its-own https';
    const text = routerTable([{ name, protocol: 'tcp', port: 443 }], '192.168.1.20');
    expect(text).toContain(`  name              ${name}\n  protocol          TCP\n  external port     443`);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
