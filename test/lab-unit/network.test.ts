import { describe, expect, test } from 'vitest';
import { ADDRESSES, BOX_V4, slaac } from '../../src/lab/network.ts';
import { wiring } from '../../src/lab/wires.ts';

describe('slaac', () => {
  test.each([
    // The example of RFC 4291, appendix A: 34-56-78-9A-BC-DE.
    ['2001:db8:1::/64', '34:56:78:9a:bc:de', '2001:db8:1:0:3656:78ff:fe9a:bcde'],
    ['fd00:1:2:3::/64', '02:00:00:00:00:01', 'fd00:1:2:3:0:ff:fe00:1'],
  ])('in %s, %s is %s', (prefix, mac, address) => {
    expect(slaac(prefix, mac)).toBe(address);
  });
});

test('the first address of the box is its IPv4 address on the LAN', () => {
  expect(ADDRESSES.box[0]).toBe(BOX_V4);
});

test('no two machines share an address', () => {
  const all = Object.values(ADDRESSES).flat();
  expect(new Set(all).size).toBe(all.length);
});

test('the cables of a lab touch nothing that does not carry its name', () => {
  for (const line of wiring('garden')
    .text.split('\n')
    .filter((text) => text.startsWith('ip '))) {
    expect(line).toMatch(/'hw-garden-(box|laptop|phone|router|internet|lan)'/);
    if (line.startsWith('ip link add')) expect(line.match(/netns 'hw-garden-/g)).toHaveLength(2);
    else if (!line.startsWith('ip netns')) expect(line).toMatch(/^ip -n 'hw-garden-/);
  }
});
