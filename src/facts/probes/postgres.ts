import { sh } from '../../quote.ts';
import { type ConfigFile, effectiveSettings, type PostgresSetting } from '../postgres/settings.ts';
import { defineFact } from '../probe.ts';

/** A cluster of PostgreSQL as Debian's tools (postgresql-common) see it. */
export interface PostgresCluster {
  /** `15`. */
  readonly version: string;
  /** `main`. */
  readonly name: string;
  readonly port: number;
  /** Absolute; where its data lies. */
  readonly data: string;
  /** Folders of its tablespaces and of its WAL, outside of `data`. */
  readonly spaces: readonly string[];
  /** The rules of pg_hba.conf, one each, with single blanks. */
  readonly rules: readonly string[];
  /** What its files set, hostwright's own file apart. */
  readonly settings: Readonly<Record<string, PostgresSetting>>;
  /** postgresql.conf reads the folder `conf.d`, as Debian has it. */
  readonly readsOwnFile: boolean;
  /** There is a file of hostwright's in `conf.d`; `rules`: it has also put rules of its own in the place of pg_hba.conf. */
  readonly own?: { readonly rules: boolean };
}

/** Clusters of PostgreSQL on the host; none when it is not installed. */
export interface Postgres {
  readonly clusters: readonly PostgresCluster[];
}

/** The file of ours in a cluster's `conf.d`. */
export const POSTGRES_OWN_FILE = 'hostwright.conf';

export const fact = defineFact<Postgres>({
  onRequest: true,
  // Lines of files come with a space before each, so that nothing in them passes for a line of ours.
  script: sh`command -v pg_lsclusters >/dev/null 2>&1 || exit 0
pg_lsclusters --no-header 2>/dev/null | while read -r hw_version hw_name hw_port _ _ hw_data _; do
  printf '##cluster %s %s %s %s\n' "$hw_version" "$hw_name" "$hw_port" "$hw_data"
  hw_conf=/etc/postgresql/$hw_version/$hw_name
  for f in "$hw_data"/pg_tblspc/* "$hw_data"/pg_wal; do [ -L "$f" ] && printf '##space %s\n' "$(readlink -- "$f")"; done
  [ -r "$hw_conf/pg_hba.conf" ] && { echo '##rules'; sed -n 's/^[[:space:]]*\([^#[:space:]]\)/ \1/p' <"$hw_conf/pg_hba.conf"; }
  for f in "$hw_conf/postgresql.conf" "$hw_conf"/conf.d/*.conf "$hw_data/postgresql.auto.conf"; do
    [ -r "$f" ] || continue
    case $f in
    */conf.d/${POSTGRES_OWN_FILE}) echo '##own'; sed -n 's/^hba_file/ hba_file/p' <"$f" ;;
    *) printf '##file %s\n' "$f"; sed -n 's/^[[:space:]]*\([A-Za-z]\)/ \1/p' <"$f" ;;
    esac
  done
done
true`,
  parse(output) {
    const clusters: PostgresCluster[] = [];
    for (const part of output.split(/^##cluster /m).slice(1)) {
      const cluster = readCluster(part);
      if (cluster) clusters.push(cluster);
    }
    return { clusters };
  },
});

function readCluster(part: string): PostgresCluster | undefined {
  const [first = '', ...lines] = part.split('\n');
  const [, version, name, port, data] = /^(\d+(?:\.\d+)?) (\S+) (\d+) (\/.*)$/.exec(first) ?? [];
  if (version === undefined || name === undefined || data === undefined) return undefined;
  const spaces: string[] = [];
  const sections: { readonly label: string; readonly path: string; readonly lines: string[] }[] = [];
  for (const line of lines) {
    const [, label, rest = ''] = /^##(space|rules|own|file) ?(.*)$/.exec(line) ?? [];
    if (label === 'space') spaces.push(rest);
    else if (label !== undefined) sections.push({ label, path: rest, lines: [] });
    else if (line.startsWith(' ')) sections.at(-1)?.lines.push(line);
  }
  const of = (label: string): readonly ConfigFile[] => sections.filter((one) => one.label === label);
  const rules = of('rules').flatMap((one) => one.lines.map(ruleOf));
  const [own] = of('own');
  return {
    ...{ version, name, port: Number(port), data, spaces, rules },
    ...effectiveSettings(of('file'), POSTGRES_OWN_FILE),
    ...(own ? { own: { rules: own.lines.length > 0 } } : {}),
  };
}

function ruleOf(line: string): string {
  return line.replace(/#.*$/, '').trim().split(/\s+/).join(' ');
}
