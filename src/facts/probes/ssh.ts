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
  /** Type of the key by which the client knows the host, such as `ssh-ed25519`: only the client can tell. */
  readonly hostKeyType?: string;
  /** Who logged in and how, as sshd has noted; absent where its log does not tell. */
  readonly login?: SshLogin;
}

export interface SshLogin {
  readonly user: string;
  /** As sshd calls it: `publickey`, `password`, `keyboard-interactive/pam`, `hostbased`, `gssapi-with-mic`… */
  readonly method: string;
}

export const fact = defineFact<Ssh>({
  // sudo drops SSH_CONNECTION (ssh(1)) from the environment, but the processes above still have it. One of these is the
  // sshd that let this connection in: what it has logged as root nobody else can have written.
  script: sh`p=$$; set --
while [ "$p" -gt 1 ] && [ $# -lt 20 ]; do
  set -- "$@" "$p"
  while read -r k v; do if [ "$k" = PPid: ]; then break; fi; done <"/proc/$p/status"; p=$v
done 2>/dev/null
c=$SSH_CONNECTION
if [ -z "$c" ]; then
  for p in "$@"; do
    c=$(sed -zn 's/^SSH_CONNECTION=//p' "/proc/$p/environ" 2>/dev/null | tr '\0' '\n' | head -n 1)
    if [ -n "$c" ]; then break; fi
  done
fi
echo '##connection'; printf '%s\n' "$c"
if [ -n "$c" ]; then
  echo '##login'
  w=\${c#* }; w="from \${c%% *} port \${w%% *} "
  for p in "$@"; do shift; set -- "$@" "_PID=$p"; done
  l=$(journalctl -q -o cat --no-pager _UID=0 "$@" 2>/dev/null | grep -F "$w" | grep '^Accepted ')
  printf '%s\n' "$l" | tail -n 1
fi
s=$(ss -H -lntp 2>/dev/null)
echo '##sockets'; printf '%s\n' "$s"
echo '##unit'; case $s in *'"systemd"'*) systemctl show -p ActiveState -p Listen ssh.socket 2>/dev/null;; esac
true`,
  parse(output) {
    const part = sections(output);
    const connection = toConnection(part('connection').trim(), part('login').trim());
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
function toConnection(text: string, log: string): SshConnection | undefined {
  const [client = '', clientPort = '', server = '', port = ''] = text.split(' ');
  if (!familyOf(client) || !familyOf(server) || !/^\d+$/.test(port)) return undefined;
  const login = toLogin(log, client, clientPort);
  return {
    clientAddress: canonicalAddress(client),
    serverAddress: canonicalAddress(server),
    serverPort: Number(port),
    ...(login ? { login } : {}),
  };
}

/** `Accepted publickey for pi from 192.168.1.5 port 50000 ssh2: ED25519 SHA256:…` */
function toLogin(line: string, client: string, clientPort: string): SshLogin | undefined {
  const [, method = '', user = '', address, port] =
    /^Accepted ([a-z][a-z/-]*) for (\S+) from (\S+) port (\d+) ssh2(?:: |$)/.exec(line) ?? [];
  return address === client && port === clientPort ? { user, method } : undefined;
}
