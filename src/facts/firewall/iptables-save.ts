import type { Chain, ForwardedPort, Rule } from './chains.ts';

const NARROW =
  / (?:-s|--source|-m (?:set|recent|mark|connmark|hashlimit|limit|connlimit|policy)|--(?:ct)?state) | -d 127\./;

/** Reads iptables-save(8): the family is told by which of the two programs printed it. */
export function readIptablesSave(text: string, family: 'ip' | 'ip6'): readonly Chain[] {
  const chains = new Map<string, Chain & { readonly rules: Rule[] }>();
  let table = '';
  for (const line of text.split('\n')) {
    const start = /^\*(\S+)$/.exec(line)?.[1];
    if (start !== undefined) table = start;
    const declared = /^:(\S+) (\S+)/.exec(line);
    if (declared) {
      const [, name = '', policy = '-'] = declared;
      const builtIn = policy === '-' ? {} : { hook: name.toLowerCase(), policy: policy.toLowerCase() };
      const type = table === 'nat' ? 'nat' : table === 'filter' ? 'filter' : 'other';
      chains.set(`${table} ${name}`, { family, table, name, ...builtIn, type, rules: [] });
    }
    const appended = /^-A (\S+)( .*)$/.exec(line);
    if (appended) chains.get(`${table} ${appended[1]}`)?.rules.push(toRule(`${appended[2]} `));
  }
  return [...chains.values()];
}

function toRule(words: string): Rule {
  const target = / -[jg] (\S+) /.exec(words)?.[1] ?? '';
  const refuses = ['DROP', 'REJECT', 'TARPIT'].includes(target);
  const redirects = target === 'DNAT' ? redirectedPort(words) : undefined;
  return {
    refuses,
    narrow: NARROW.test(words),
    jumps: target === '' || refuses ? [] : [target],
    ...(redirects ? { redirects } : {}),
  };
}

function redirectedPort(words: string): ForwardedPort | undefined {
  const protocol = / -p (tcp|udp) /.exec(words)?.[1];
  const port = / --dport (\d+) /.exec(words)?.[1];
  return port !== undefined && (protocol === 'tcp' || protocol === 'udp')
    ? { protocol, port: Number(port) }
    : undefined;
}
