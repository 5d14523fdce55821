import { expect, test } from 'vitest';
import { hierarchies } from '../../src/lab/cgroup.ts';

const UNIFIED =
  '30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const LEGACY = [
  '31 24 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '32 31 0:28 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
  '33 31 0:29 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd',
].join('\n');
const HYBRID = `${LEGACY}\n34 31 0:30 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`;

test.each([
  ['unified', UNIFIED, ['/sys/fs/cgroup']],
  ['legacy', LEGACY, ['/sys/fs/cgroup/systemd']],
  ['hybrid', HYBRID, ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']],
  ['absent', '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw', []],
])('a hierarchy that is %s', (_, mountinfo, expected) => {
  expect(hierarchies(mountinfo)).toEqual(expected);
});
