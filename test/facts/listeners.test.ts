import { describe, expect, it } from 'vitest';
import { fact } from '../../src/facts/probes/listeners.ts';

const output = `##sockets
udp   UNCONN 0      0              127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=301,fd=13))
udp   UNCONN 0      0         192.168.1.20%enp1s0:68        0.0.0.0:*    users:(("systemd-network",pid=290,fd=18))
udp   UNCONN 0      0      [fe80::5054:ff:fe12:3456]%enp1s0:546    [::]:*
tcp   LISTEN 0      128                  0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=612,fd=3))
tcp   LISTEN 0      128                     [::]:22            [::]:*    users:(("sshd",pid=612,fd=4))
tcp   LISTEN 0      511                  0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=701,fd=6),("nginx",pid=700,fd=6))
tcp   LISTEN 0      511                  0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=702,fd=7))
tcp   LISTEN 0      4096                       *:9090             *:*    users:(("prometheus",pid=800,fd=7))
tcp   LISTEN 0      4096                 0.0.0.0:8080       0.0.0.0:*    users:(("docker-proxy",pid=900,fd=4))
tcp   LISTEN 0      80       [::ffff:127.0.0.1]:3306               *:*    users:(("a \\"b\\" (c),d",pid=950,fd=22))
tcp   LISTEN 0      4096                       *:2222             *:*    users:(("sshd",pid=9,fd=3),("systemd",pid=1,fd=96))
##units
/proc/301/cgroup:0::/system.slice/systemd-resolved.service
/proc/612/cgroup:12:cpuset:/
/proc/612/cgroup:1:name=systemd:/system.slice/ssh.service
/proc/800/cgroup:0::/user.slice/user-1000.slice/user@1000.service/app.slice/prometheus.service
/proc/900/cgroup:0::/system.slice/docker.service
`;

describe('the listeners fact', () => {
  const listeners = fact.parse(output);
  const at = (port: number) => listeners.filter((listener) => listener.port === port);

  it('finds each socket once, in order of port', () => {
    expect(listeners.map(({ port, protocol }) => `${protocol}/${port}`)).toEqual([
      'tcp/22',
      'tcp/22',
      'udp/53',
      'udp/68',
      'tcp/80',
      'udp/546',
      'tcp/2222',
      'tcp/3306',
      'tcp/8080',
      'tcp/9090',
    ]);
  });

  it('tells process and unit under both versions of control groups', () => {
    expect(at(22)[0]).toMatchObject({ process: 'sshd', pid: 612, unit: 'ssh.service', address: '0.0.0.0' });
    expect(at(9090)[0]?.unit).toBe('prometheus.service');
    expect(at(546)[0]).toMatchObject({ process: '', loopbackOnly: false, interface: 'enp1s0' });
  });

  it('tells families, loopback and Docker', () => {
    expect(at(22).map(({ families }) => families)).toEqual([[4], [6]]);
    expect(at(9090)[0]).toMatchObject({ address: '::', families: [4, 6] });
    expect(at(53)[0]).toMatchObject({ address: '127.0.0.53', loopbackOnly: true });
    expect(at(3306)[0]).toMatchObject({ address: '127.0.0.1', loopbackOnly: true, families: [4], pid: 950 });
    expect(at(8080)[0]).toMatchObject({ docker: true, unit: 'docker.service' });
  });

  it('is empty for output it does not know', () => {
    expect(fact.parse('')).toEqual([]);
    expect(fact.parse('##sockets\nss: not found\n##units\n')).toEqual([]);
    expect(fact.parse('##sockets\ntcp LISTEN 0 1 nonsense:http *:*\n')).toEqual([]);
  });
});
