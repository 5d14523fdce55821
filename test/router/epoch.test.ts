import { describe, expect, it } from 'vitest';
import { isOtherServer, lagsBehind } from '../../src/router/epoch.ts';

const before = { said: 1000, heard: 50 };
const later = (elapsed: number, said: number) => ({ said: 1000 + said, heard: 50 + elapsed });

describe('what a router’s clock says of its mappings', () => {
  it.each([
    ['keeps time', 100, 100, false, false],
    ['is a little slow', 100, 90, false, true],
    ['is slow, but for two seconds only', 10, 8, false, false],
    ['begins anew', 100, -990, true, true],
    ['begins anew at once', 2, -1000, true, true],
    ['stands', 100, 0, true, true],
    ['went back by a second', 1, -1, false, false],
    ['went far ahead: another server', 100, 5000, false, true],
  ])('%s', (_, elapsed, said, natPmp, pcp) => {
    expect(lagsBehind(before, later(elapsed, said))).toBe(natPmp);
    expect(isOtherServer(before, later(elapsed, said))).toBe(pcp);
  });
});
