import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { name: 'hwadopt', enabled: false, running: false },
  before:
    'printf "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n" >/etc/systemd/system/hwadopt.service; systemctl daemon-reload; systemctl -q enable --now hwadopt',
  looks: 'systemctl is-active hwadopt; systemctl is-enabled hwadopt',
  original: 'ActiveState=active',
};
