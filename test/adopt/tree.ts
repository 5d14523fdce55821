import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Adoption } from './adoption.ts';

const content = 'ours';
const path = mkdtempSync(join(tmpdir(), 'hostwright-adopt-'));
writeFileSync(join(path, 'index.html'), content);
const sha256 = createHash('sha256').update(content).digest('hex');

export const adoption: Adoption = {
  spec: {
    path: '/srv/hw-adopt-tree',
    folder: { path, files: [{ path: 'index.html', size: 4, sha256, executable: false }], skipped: [] },
  },
  before:
    'mkdir /srv/hw-adopt-tree; echo theirs | tee /srv/hw-adopt-tree/index.html >/srv/hw-adopt-tree/other',
  looks: 'cd /srv/hw-adopt-tree; stat -c "%n %a %U" *; cat *',
  original: 'theirs',
};
