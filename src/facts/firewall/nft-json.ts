import type { Chain, ForwardedPort, Rule } from './chains.ts';

/**
 * Reads `nft -j list ruleset` (libnftables-json(5)). Undefined when it is not that.
 * Rules made by iptables-nft appear here too, their extensions as `xt` with nothing but a name.
 */
export function readNftJson(text: string): readonly Chain[] | undefined {
  const items = list(get(parse(text), 'nftables'));
  if (!items) return undefined;
  const rules = items.flatMap((item) => get(item, 'rule') ?? []);
  return items.flatMap((item) => {
    const chain = get(item, 'chain');
    if (chain === undefined) return [];
    const [family, table, name] = [words(chain, 'family'), words(chain, 'table'), words(chain, 'name')];
    const own = rules.filter(
      (rule) =>
        words(rule, 'family') === family && words(rule, 'table') === table && words(rule, 'chain') === name,
    );
    const [hook, type, policy] = [words(chain, 'hook'), words(chain, 'type'), words(chain, 'policy')];
    return {
      family,
      table,
      name,
      ...(hook === '' ? {} : { hook }),
      ...(type === '' ? {} : { type }),
      ...(policy === '' ? {} : { policy }),
      rules: own.map((rule) => toRule(list(get(rule, 'expr')) ?? [])),
    };
  });
}

/** Extensions of iptables that single out some packets: a set of senders, a rate, a mark. */
const NARROW_EXTENSIONS = new Set([
  'set',
  'recent',
  'mark',
  'connmark',
  'hashlimit',
  'limit',
  'connlimit',
  'policy',
  'conntrack',
  'state',
]);

function toRule(expressions: readonly unknown[]): Rule {
  const redirects = redirectedPort(expressions);
  return {
    refuses: expressions.some(refuses),
    narrow: expressions.some(isNarrow),
    jumps: expressions.flatMap((item) => [...targets(item)]),
    ...(redirects ? { redirects } : {}),
  };
}

function refuses(expression: unknown): boolean {
  if (has(expression, 'drop') || has(expression, 'reject')) return true;
  const target = get(expression, 'xt');
  if (words(target, 'type') === 'target') return ['DROP', 'REJECT', 'TARPIT'].includes(words(target, 'name'));
  // `tcp dport vmap { 22 : accept, 23 : drop }`; by state it is only a guard against broken packets.
  const vmap = get(expression, 'vmap');
  if (vmap === undefined || has(get(vmap, 'key'), 'ct')) return false;
  return verdicts(vmap).some((verdict) => has(verdict, 'drop'));
}

function isNarrow(expression: unknown): boolean {
  if (has(expression, 'limit')) return true;
  const extension = get(expression, 'xt');
  if (words(extension, 'type') === 'match') return NARROW_EXTENSIONS.has(words(extension, 'name'));
  const left = get(get(expression, 'match'), 'left');
  const parts = list(get(left, 'concat')) ?? [left];
  return parts.some((part) => {
    const field = words(get(part, 'payload'), 'field') || words(get(get(part, 'prefix'), 'payload'), 'field');
    return (
      field === 'saddr' || has(part, 'ct') || has(part, 'fib') || words(get(part, 'meta'), 'key') === 'mark'
    );
  });
}

function* targets(expression: unknown): Generator<string> {
  for (const verdict of [expression, ...verdicts(get(expression, 'vmap'))]) {
    for (const kind of ['jump', 'goto']) {
      const target = words(get(verdict, kind), 'target');
      if (target !== '') yield target;
    }
  }
}

/** The right-hand sides of an anonymous verdict map. */
function verdicts(vmap: unknown): readonly unknown[] {
  const entries = list(get(get(vmap, 'data'), 'set')) ?? [];
  return entries.flatMap((entry) => list(entry)?.[1] ?? []);
}

function redirectedPort(expressions: readonly unknown[]): ForwardedPort | undefined {
  const translates = expressions.some(
    (item) => has(item, 'dnat') || words(get(item, 'xt'), 'name') === 'DNAT',
  );
  if (!translates) return undefined;
  for (const item of expressions) {
    const match = get(item, 'match');
    const payload = get(get(match, 'left'), 'payload');
    const protocol = words(payload, 'protocol');
    const port = get(match, 'right');
    if (words(payload, 'field') !== 'dport' || (protocol !== 'tcp' && protocol !== 'udp')) continue;
    if (typeof port === 'number') return { protocol, port };
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function get(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function has(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

function list(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function words(value: unknown, key: string): string {
  const found = get(value, key);
  return typeof found === 'string' ? found : '';
}
