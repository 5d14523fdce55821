import type { PortWish } from '../agent/declared.ts';

/** What a person types into the router by hand, one line of its form each. */
interface Row {
  readonly name: string;
  readonly protocol: string;
  readonly outside: string;
  readonly address: string;
  readonly inside: string;
}

const HEAD: Row = {
  name: 'name',
  protocol: 'protocol',
  outside: 'external port',
  address: 'internal address',
  inside: 'internal port',
};
const FIELDS = ['name', 'protocol', 'outside', 'address', 'inside'] as const;
const COLUMNS = 80;

/**
 * What to type into the router where no protocol does it: its own page, and each field of its form, in 80 columns at most.
 * Without `router`, where its page is stays open. Pure.
 */
export function routerTable(wishes: readonly PortWish[], host: string, router?: string): string {
  const page =
    router === undefined
      ? "Open your router's page in a browser (its address is often on its label)."
      : `Open your router's page in a browser: http://${router.includes(':') ? `[${router}]` : router}`;
  const rows = wishes.map(
    (wish): Row => ({
      name: wish.name,
      protocol: wish.protocol.toUpperCase(),
      outside: range(wish, wish.externalPort ?? wish.port),
      address: host,
      inside: range(wish, wish.port),
    }),
  );
  const forms = table([HEAD, ...rows]) ?? rows.map(form).join('\n\n');
  return `${page}
Look for "port forwarding", "virtual server" or "port sharing", and type:

${forms}

Give the host the address ${host} for good there too (DHCP reservation).`;
}

function range({ port, lastPort }: PortWish, first: number): string {
  return lastPort === undefined || lastPort === port ? `${first}` : `${first}-${first + lastPort - port}`;
}

/** Fields across; undefined where that is too wide. */
function table(rows: readonly Row[]): string | undefined {
  const widths = FIELDS.map((field) => Math.max(...rows.map((row) => row[field].length)));
  if (2 + widths.reduce((sum, width) => sum + width + 2, 0) - 2 > COLUMNS) return undefined;
  return rows
    .map((row) => `  ${FIELDS.map((field, column) => row[field].padEnd(widths[column] ?? 0)).join('  ')}`)
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Fields down. */
function form(row: Row): string {
  const width = Math.max(...FIELDS.map((field) => HEAD[field].length));
  return FIELDS.map((field) => `  ${HEAD[field].padEnd(width)}  ${row[field]}`).join('\n');
}
