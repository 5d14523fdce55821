/** Where the agent and what belongs to it lie on the host (hier(7), file-hierarchy(7)). */
export const AGENT = {
  /** The account that the agent runs as; it can write its home and nothing else. */
  user: 'hostwright-agent',
  /** The bundled script and its parts; root's. */
  code: '/usr/local/lib/hostwright/agent',
  main: '/usr/local/lib/hostwright/agent/main.mjs',
  /** What the agent is to keep up, one JSON file for each thing, by kind; root's. */
  declarations: '/etc/hostwright/agent',
  home: '/var/lib/hostwright-agent',
  /** Answers to http-01 challenges (RFC 8555 section 8.3): nginx serves them. */
  challenges: '/var/lib/hostwright-agent/http-01',
  /** New certificates that wait for root to put them in place: a folder for each, named as the certificate. */
  ready: '/var/lib/hostwright-agent/ready',
} as const;

/** Kinds of declarations, a folder each. */
export const DECLARATIONS = {
  /** `ROLE.json`: {@link import('./declared.ts').PortsDeclaration}. */
  ports: `${AGENT.declarations}/ports.d`,
  /** `NAME.json`: {@link import('./declared.ts').CertificateDeclaration}; root:hostwright-agent 0640, it may hold secrets. */
  certificates: `${AGENT.declarations}/certificates.d`,
  /** `NAME`: what root's script does with a new certificate. */
  installs: `${AGENT.declarations}/installs.d`,
  /** `ROLE.json`: {@link import('./declared.ts').DdnsDeclaration}; 0640. */
  ddns: `${AGENT.declarations}/ddns.d`,
  /** Root certificates of private ACME servers, PEM. */
  trust: `${AGENT.declarations}/trust.d`,
} as const;

/** What stands for a role in the declaration of ports that are opened by hand; no role can be called so. */
export const BY_HAND = '_by-hand';

/** What the agent knows, for whoever asks: written by it alone, one JSON file each, readable by root. */
export const STATE = {
  /** {@link import('./declared.ts').PortsState} */
  ports: `${AGENT.home}/state/ports.json`,
  /** A folder with `NAME.json`: {@link import('./declared.ts').CertificateState} */
  certificates: `${AGENT.home}/state/certificates`,
  /** A folder with `ROLE.json`: {@link import('./declared.ts').DdnsState} */
  ddns: `${AGENT.home}/state/ddns`,
} as const;
