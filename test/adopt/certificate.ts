import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { name: 'hw-adopt', source: 'self-signed', names: ['attic'] },
  before: `command -v openssl >/dev/null || apt-get install -qy openssl >/dev/null
mkdir -p /etc/ssl/hostwright/hw-adopt
cd /etc/ssl/hostwright/hw-adopt && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out fullchain.pem -subj /CN=theirs -days 30
echo theirs >>key.pem`,
  looks: 'cd /etc/ssl/hostwright/hw-adopt && stat -c "%n %a %U" * && cat *',
  original: 'theirs',
};
