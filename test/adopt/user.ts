import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { name: 'hwadopter', shell: '/bin/bash' },
  before: 'useradd -m -s /bin/sh hwadopter; echo data >/home/hwadopter/data',
  looks: 'getent passwd hwadopter; cat /home/hwadopter/data',
  original: '/bin/sh',
};
