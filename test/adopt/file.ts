import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { path: '/etc/hw-adopt.conf', content: 'ours\n' },
  before:
    'echo theirs >/etc/hw-adopt.conf; chmod 0604 /etc/hw-adopt.conf; touch -d 2001-02-03 /etc/hw-adopt.conf',
  looks: 'stat -c "%a %U %G %y" /etc/hw-adopt.conf; cat /etc/hw-adopt.conf',
  original: 'theirs',
};
