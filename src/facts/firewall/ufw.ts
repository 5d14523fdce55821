/** ufw, Ubuntu's usual firewall, as its files say. */
export interface Ufw {
  readonly state: 'active' | 'inactive' | 'absent';
  /** Whether it writes rules for IPv6. */
  readonly ipv6: boolean;
  /** What it does with packets that no rule mentions: `drop`, `reject` or `accept`. */
  readonly incoming: string;
  readonly rules: readonly UfwRule[];
}

/** One rule, from its `### tuple ###` line. */
export interface UfwRule {
  readonly action: 'allow' | 'deny' | 'reject' | 'limit';
  /** `any` stands for every protocol. */
  readonly protocol: 'tcp' | 'udp' | 'any';
  /** As ufw writes it: `80`, `80,443`, `6000:6007` or `any`. */
  readonly ports: string;
  /** CIDR; `0.0.0.0/0` and `::/0` for everybody. */
  readonly from: string;
  /** Empty for every interface. */
  readonly interface: string;
  readonly comment: string;
}

/** Reads ufw.conf, /etc/default/ufw and the rule files, concatenated. */
export function readUfw(text: string): Ufw {
  const enabled = /^ENABLED=["']?(yes|no)/im.exec(text)?.[1];
  return {
    state: enabled === undefined ? 'absent' : enabled.toLowerCase() === 'yes' ? 'active' : 'inactive',
    ipv6: /^IPV6=["']?yes/im.test(text),
    incoming: /^DEFAULT_INPUT_POLICY=["']?(\w+)/m.exec(text)?.[1]?.toLowerCase() ?? 'drop',
    rules: readUfwRules(text),
  };
}

/** Rules for incoming packets; those for outgoing and routed ones are left out. */
export function readUfwRules(text: string): readonly UfwRule[] {
  return text.split('\n').flatMap((line) => {
    const match = /^### tuple ### (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (.*)$/.exec(line);
    if (!match) return [];
    const [, action = '', protocol = '', ports = '', , , from = '', rest = ''] = match;
    const direction = /(?:^| )in(?:_(\S+))?(?: |$)/.exec(rest);
    if (!direction || !isAction(action) || !isProtocol(protocol)) return [];
    const comment = /(?:^| )comment=([0-9a-f]*)/i.exec(rest)?.[1] ?? '';
    return {
      action,
      protocol,
      ports,
      from,
      interface: direction[1] ?? '',
      comment: Buffer.from(comment, 'hex').toString('utf8'),
    };
  });
}

function isAction(word: string): word is UfwRule['action'] {
  return ['allow', 'deny', 'reject', 'limit'].includes(word);
}

function isProtocol(word: string): word is UfwRule['protocol'] {
  return word === 'tcp' || word === 'udp' || word === 'any';
}
