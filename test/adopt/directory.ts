import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { path: '/srv/hw-adopt', mode: '0750' },
  before: 'mkdir -m 0701 /srv/hw-adopt; chown daemon /srv/hw-adopt; echo data >/srv/hw-adopt/data',
  looks: 'stat -c "%a %U %G" /srv/hw-adopt; cat /srv/hw-adopt/data',
  original: '701 1:0',
};
