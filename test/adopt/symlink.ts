import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { path: '/srv/hw-adopt-link', target: '/srv/ours' },
  before: 'echo theirs >/srv/hw-adopt-link',
  looks: 'stat -c "%F %a" /srv/hw-adopt-link; cat /srv/hw-adopt-link',
  original: 'theirs',
};
