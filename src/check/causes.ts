/** What a sentence about a cause may name. */
export interface CauseContext {
  readonly role: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly vantage: string;
  /** The host's address in its network. */
  readonly host: string;
  /** What the agent on the host knows of it, in its own words: why the router or an authority refused. */
  readonly detail?: string;
}

interface Cause {
  /** What it means, for the catalogue in docs/causes.md. */
  readonly means: string;
  /** What to do next. */
  fix(context: CauseContext): string;
}

/** Why something is not as it should be. The ids are a contract: scripts may rely on them. */
export const causes = {
  'service-not-listening': {
    means: 'The host itself gets "connection refused": nothing listens on that address and port.',
    fix: ({ role, port }) =>
      `Nothing on the host listens on port ${port}. Look at the service of "${role}" (\`systemctl --failed\` on the host), then run \`hostwright apply\`.`,
  },
  refused: {
    means: 'Another machine gets "connection refused" although the host itself is answered.',
    fix: ({ role, port }) =>
      `Something turns the connection away: a firewall that rejects port ${port}, or "${role}" listening on other addresses only. Run \`hostwright plan\` and look at the firewall.`,
  },
  timeout: {
    means: 'No answer at all to the attempt to connect, and nothing narrows it down.',
    fix: ({ address, port }) =>
      `Nothing at ${address} answers on port ${port}. Is the host up and on this network?`,
  },
  'firewall-drops': {
    means:
      'The host answers itself, but another machine gets no answer at all: something on the way drops it.',
    fix: ({ port }) =>
      `The service works on the host, so a firewall drops port ${port} on the way: on the host, or in the router or access point (guest networks keep machines apart).`,
  },
  'no-route': {
    means: 'The vantage knows no way to that address, or a router says that there is none.',
    fix: ({ address, vantage }) =>
      `There is no way from ${vantage} to ${address}. Check that both are on the network.`,
  },
  'no-port-mapping': {
    means: 'From outside, the router does not pass the port on to the host.',
    fix: ({ port, protocol, host }) =>
      `Nothing has asked the router for it. Run \`hostwright apply\`, or forward ${protocol} port ${port} to ${host} in your router by hand.`,
  },
  'router-no-answer': {
    means: 'No router answers the host by a protocol for port mappings, so nothing is passed on to it.',
    fix: ({ port, protocol, host, detail }) =>
      `${said(detail)}Switch on UPnP, NAT-PMP or PCP in your router, or forward ${protocol} port ${port} to ${host} there by hand: \`hostwright ports list\` says what to type.`,
  },
  'router-port-taken': {
    means: 'The router passes the port on to another machine.',
    fix: ({ port, protocol, detail }) =>
      `${said(detail)}Take ${protocol} port ${port} from that machine in your router, or give this role another port; then run \`hostwright apply\`.`,
  },
  'router-refused': {
    means: 'The router answers, and refuses to pass the port on.',
    fix: ({ port, protocol, host, detail }) =>
      `${said(detail)}Allow mappings for ${host} in your router, or forward ${protocol} port ${port} to it there by hand: \`hostwright ports list\` says what to type.`,
  },
  'shared-address': {
    means:
      'The router passes the port on, but has no public address of its own: the provider shares one among customers (CGNAT), or another router is before it.',
    fix: ({ port, detail }) =>
      `${said(detail)}If there is another router before yours, forward port ${port} to yours there. Else ask your provider for a public IPv4 address: nothing on the host can change this.`,
  },
  'provider-blocks': {
    means: 'The router says that it passes the port on, and still nobody outside gets an answer.',
    fix: ({ port, vantage }) =>
      `Many providers block ports to customers at home, 25 and 80 above all: ask yours about port ${port}. Or ${vantage} itself may not go out to that port: try another place.`,
  },
  'router-blocks-ipv6': {
    means: "From outside, the host's IPv6 address does not answer although the host itself is answered.",
    fix: ({ address, port }) =>
      `Allow incoming port ${port} to ${address} in your router's IPv6 firewall: hostwright opens ports for IPv4 only.`,
  },
  'no-answer': {
    means: 'The connection opens, but no complete answer comes within the time.',
    fix: ({ role }) =>
      `"${role}" accepts connections and then says nothing. Restart its service and look at its log.`,
  },
  'closed-early': {
    means: 'The connection opens and is closed before a complete answer.',
    fix: ({ role }) => `Whatever answers hangs up too early. Look at the log of "${role}".`,
  },
  'not-http': {
    means: 'Something answers, but not in HTTP.',
    fix: ({ port }) => `Another program answers on port ${port}. See which: \`ss -lntp\` on the host.`,
  },
  'wrong-status': {
    means: 'A web server answers with another status than expected.',
    fix: ({ role }) => `The web server cannot serve "${role}" as it should. Look at its error log.`,
  },
  'upstream-down': {
    means: 'The proxy answers, and the application that it passes requests on to does not (HTTP 502 or 504).',
    fix: ({ role }) =>
      `The proxy works, and the application behind "${role}" does not answer it. See that it runs, and that \`to\` of "${role}" is its address.`,
  },
  'wrong-content': {
    means: "The page is another one: another site's, another machine's, or an old one.",
    fix: ({ role, address }) =>
      `What answers at ${address} is not "${role}" as it is on your computer: apply first, and check that the address and the name belong to this host.`,
  },
  'endless-answer': {
    means: 'The answer is longer than the check reads (1 MiB).',
    fix: ({ role }) => `The answer of "${role}" does not end within 1 MiB, so it could not be compared.`,
  },
  'not-dns': {
    means: 'Something answers, but not as a name server does.',
    fix: ({ port, protocol }) =>
      `Another program answers on port ${port}. See which: \`ss -ln${protocol === 'udp' ? 'u' : 't'}p\` on the host.`,
  },
  'wrong-zone': {
    means: 'A name server answers, but not for the zone that is asked for.',
    fix: ({ role, vantage }) =>
      `"${role}" has not loaded its zone, or does not answer ${vantage}. Look at the log of named (\`journalctl -u named\` on the host), then run \`hostwright apply\`.`,
  },
  'not-mariadb': {
    means: 'Something answers, but not as MariaDB does.',
    fix: ({ port }) => `Another program answers on port ${port}. See which: \`ss -lntp\` on the host.`,
  },
  'not-postgres': {
    means: 'Something answers, but not as PostgreSQL does.',
    fix: ({ port }) => `Another program answers on port ${port}. See which: \`ss -lntp\` on the host.`,
  },
  'not-ftp': {
    means: 'Something answers, but not as an FTP server does.',
    fix: ({ port }) => `Another program answers on port ${port}. See which: \`ss -lntp\` on the host.`,
  },
  'not-ssh': {
    means: 'Something answers, but not as an ssh server does.',
    fix: ({ port }) => `Another program answers on port ${port}. See which: \`ss -lntp\` on the host.`,
  },
  'not-quic': {
    means: 'Something answers over UDP, but not in QUIC, which HTTP/3 is spoken over.',
    fix: ({ port }) => `Another program answers on port ${port}. See which: \`ss -lnup\` on the host.`,
  },
  'no-tls': {
    means: 'The server answers, but without TLS.',
    fix: ({ role }) =>
      `"${role}" does not speak TLS. Look at the log of its service: it may not be able to read its certificate or key.`,
  },
  'tls-handshake': {
    means: 'The server speaks TLS, and breaks off before it is agreed on.',
    fix: ({ role }) =>
      `TLS fails on the side of "${role}": it may have no certificate for this name, or another program has the port. Look at its log, then run \`hostwright apply\`.`,
  },
  'tls-old-protocol': {
    means: 'The server agrees to TLS 1.0 or 1.1, which are broken, or to nothing newer.',
    fix: ({ role, port }) =>
      `Something else on port ${port} sets the versions of TLS for "${role}" too: look for \`ssl_protocols\` in what hostwright did not write, and leave TLSv1.2 and TLSv1.3.`,
  },
  'tls-untrusted': {
    means: 'No authority that programs know vouches for the certificate, though one is to.',
    fix: ({ role, detail }) =>
      detail === undefined
        ? `"${role}" has no certificate of its authority yet. See why: \`hostwright certs\`.`
        : `"${role}" has no certificate of its authority yet: ${detail} See \`hostwright certs\`.`,
  },
  'tls-wrong-name': {
    means: 'The certificate is for other names.',
    fix: ({ role, address }) =>
      `Another server answers at ${address}, or "${role}" got its name later than its certificate. Run \`hostwright apply\`.`,
  },
  'tls-expired': {
    means: 'The certificate has expired.',
    fix: ({ role, detail }) =>
      `Nothing has renewed the certificate of "${role}"${detail === undefined ? '.' : `: ${detail}`} See \`hostwright certs\`, and that the clocks are right.`,
  },
  'tls-not-yet-valid': {
    means: 'The certificate is not valid yet: one of the clocks is wrong.',
    fix: ({ role }) =>
      `See that the clocks of this computer and of the host are right (\`timedatectl\`). The certificate of "${role}" begins later.`,
  },
  'not-redirected': {
    means: 'Who asks by http is not led to https for good, or to another name.',
    fix: ({ role, port }) =>
      `Another server answers on port ${port}, or "${role}" is not as the host file says. Run \`hostwright plan\`.`,
  },
  'turned-away': {
    means: 'The server answers and will not talk to this machine at all.',
    fix: ({ role, vantage }) =>
      `"${role}" turns ${vantage} away before any login: no account of it may come from there, or it takes no more connections. Run \`hostwright plan\`: the LAN may have another network by now.`,
  },
  'lets-anybody-in': {
    means: 'The server lets in whoever asks, without a password.',
    fix: ({ role }) =>
      `"${role}" has an account without a name or password. Look at its accounts and remove that one at once.`,
  },
  'plain-text': {
    means: 'The server lets people log in without TLS, so that others on the network can listen in.',
    fix: ({ role }) =>
      `Something lets "${role}" be used without TLS: rules that somebody wrote by hand, perhaps. Run \`hostwright plan\` and look at what it says of them.`,
  },
  'weak-login': {
    means: 'The server asks for passwords in a way that gives them away, or what is as good.',
    fix: ({ role }) =>
      `"${role}" asks for passwords in an old way. Run \`hostwright plan\` and look at what it says of its rules.`,
  },
  exposed: {
    means: 'A machine that should be kept out gets in.',
    fix: ({ role, port, vantage }) =>
      `Port ${port} is open to ${vantage}, for which "${role}" is not meant. See that the host file has \`firewall: {}\` and apply it; or widen \`expose\`, if you want this.`,
  },
  'vantage-unreachable': {
    means:
      'The place to test from could not be reached or does not let us in, so nothing was tested from there.',
    fix: ({ vantage }) =>
      `Make sure that you can log in there by ssh, or leave it out: --from without ${vantage}.`,
  },
  'forwarding-prohibited': {
    means: 'The ssh server of the vantage does not allow connections through it (AllowTcpForwarding).',
    fix: ({ vantage }) =>
      `Set \`AllowTcpForwarding yes\` (or \`local\`) in sshd_config on ${vantage}, or test from another machine.`,
  },
  'probe-failed': {
    means: 'The test itself could not be carried out, so nothing is known.',
    fix: ({ vantage }) => `Run the check again. If it stays, test from another machine than ${vantage}.`,
  },
} as const satisfies Record<string, Cause>;

export type CauseId = keyof typeof causes;

/** What the agent knows stands before what to do. */
function said(detail: string | undefined): string {
  return detail === undefined ? '' : `The host says: ${detail.replace(/[.\s]*$/, '')}. `;
}

/** Vantages that are no names of machines. */
const WORDS: Readonly<Record<string, string>> = { self: 'the host', here: 'this computer' };

/** The sentence that says what to do about a cause. */
export function fixFor(cause: CauseId, context: CauseContext): string {
  const vantage = WORDS[context.vantage] ?? context.vantage;
  return causes[cause].fix({ ...context, vantage });
}
