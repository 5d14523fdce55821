import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { key: 'net.ipv4.tcp_keepalive_time', value: 900 },
  before:
    'echo "net.ipv4.tcp_keepalive_time = 800" >/etc/sysctl.d/60-hostwright-net.ipv4.tcp_keepalive_time.conf',
  looks:
    'cat /etc/sysctl.d/60-hostwright-net.ipv4.tcp_keepalive_time.conf /proc/sys/net/ipv4/tcp_keepalive_time',
  original: 'net.ipv4.tcp_keepalive_time = 800',
};
