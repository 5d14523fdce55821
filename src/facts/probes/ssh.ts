import { sh } from '../../quote.ts';
import { canonicalAddress, familyOf } from '../address.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';

/** How people get in: what must never be cut. */
export interface Ssh {
  /** Ports that sshd is reached on: of this connection, of sshd's sockets and of ssh.socket. Ascending; 22 is not assumed. */
  readonly ports: readonly number[];
  /** systemd listens and starts sshd for each connection (ssh.socket): ports are then set there, not in sshd_config. */
  readonly socketActivated: boolean;
  /** This connection as the host sees it; absent when it did not come by ssh. */
  readonly connection?: SshConnection;
}

export interface SshConnection {
  readonly clientAddress: string;
  readonly serverAddress: string;
  readonly serverPort: number;
}

export const fact = defineFact<Ssh>({
  // sudo drops SSH_CONNECTION (ssh(1)) from the environment, but the processes above still have it.
  script: sh`echo '##connection'
if [ -n "$SSH_CONNECTION" ]; then printf '%s\n' "$SSH_CONNECTION"; else
  p=$$; set --
  while [ "$p" -gt 1 ] && [ $# -lt 20 ]; do
    set -- "$@" "/proc/$p/environ"
    while read -r k v; do if [ "$k" = PPid: ]; then break; fi; done <"/proc/$p/status"; p=$v
  done 2>/dev/null
  sed -zn 's/^SSH_CONNECTION=//p' "$@" 2>/dev/null | tr '\0' '\n' | head -n 1
fi
s=$(ss -H -lntp 2>/dev/null)
echo '##sockets'; printf '%s\n' "$s"
echo '##unit'; case $s in *'"systemd"'*) systemctl show -p ActiveState -p Listen ssh.socket 2>/dev/null;; esac
true`,
  parse(output) {
    const part = sections(output);
    const connection = toConnection(part('connection').trim());
    const socketActivated = /^ActiveState=active$/m.test(part('unit'));
    const ports = new Set<number>(connection ? [connection.serverPort] : []);
    const sshd = /^LISTEN\s+\d+\s+\d+\s+\S+:(\d+)\s.*\("sshd",/gm;
    for (const [, port] of part('sockets').matchAll(sshd)) ports.add(Number(port));
    const unit = /^Listen=(?:.*:)?(\d+) \(Stream\)$/gm;
    if (socketActivated) for (const [, port] of part('unit').matchAll(unit)) ports.add(Number(port));
    return {
      ports: [...ports].sort((a, b) => a - b),
      socketActivated,
      ...(connection ? { connection } : {}),
    };
  },
});

/** `client-address client-port server-address server-port`. */
function toConnection(text: string): SshConnection | undefined {
  const [client = '', , server = '', port = ''] = text.split(' ');
  if (!familyOf(client) || !familyOf(server) || !/^\d+$/.test(port)) return undefined;
  return {
    clientAddress: canonicalAddress(client),
    serverAddress: canonicalAddress(server),
    serverPort: Number(port),
  };
}
