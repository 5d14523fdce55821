import { STATE_DIRECTORY } from '../../connect/program.ts';
import { sh } from '../../quote.ts';
import { type NginxServer, readServers } from '../nginx/servers.ts';
import { defineFact } from '../probe.ts';

/** What the host's nginx is set up for, read from its files. `nginx -T` is not asked: it creates log files. */
export interface Nginx {
  /** The program is there; else what follows is what a removed package left behind, or nothing. */
  readonly installed: boolean;
  /** `1.22.1`; empty when unknown. */
  readonly version: string;
  /** /etc/nginx/nginx.conf exists. */
  readonly configured: boolean;
  /** False when some of the configuration could not be read or understood: there may be more servers than are listed. */
  readonly complete: boolean;
  /** `http` includes /etc/nginx/conf.d/*.conf. */
  readonly readsConfD: boolean;
  /** `http` includes everything in /etc/nginx/sites-enabled, after conf.d. */
  readonly readsSitesEnabled: boolean;
  /** Files of these that hostwright wrote, by its own records: those of roles that the host file has lost among them. */
  readonly written: readonly string[];
  /** In the order in which nginx reads them. */
  readonly servers: readonly NginxServer[];
  /** Simple directives directly in `http`: most may stand there only once. */
  readonly httpDirectives: readonly { readonly name: string; readonly file: string }[];
  /**
   * Debian's own default site. `stock`: it is enabled by Debian's link, its file is as shipped and it shows nothing but
   * Debian's page, so nobody misses it. `used`: somebody changed it or put pages into its folder.
   */
  readonly stockSite: 'absent' | 'stock' | 'used';
}

export const STOCK_SITE = {
  link: '/etc/nginx/sites-enabled/default',
  target: '/etc/nginx/sites-available/default',
} as const;

/** Larger files are not configuration that anybody wrote. Bytes. */
const LARGEST = 262_144;

export const fact = defineFact<Nginx>({
  // Files are printed with a space before each line, so that nothing in them passes for a line of ours. Includes are
  // followed round by round; nginx.conf, what it includes, and snippets are three.
  script: sh`if command -v nginx >/dev/null; then echo '##installed'; nginx -v 2>&1 | sed -n 's/^nginx version: /##version /p'; fi
if [ -r /etc/nginx/nginx.conf ]; then (
cd /etc/nginx || exit 0
seen='
'; todo=/etc/nginx/nginx.conf; round=0; IFS='
'
while [ -n "$todo" ] && [ "$round" -lt 8 ]; do
  round=$((round + 1)); set --
  for f in $todo; do
    case $seen in *"
$f
"*) continue ;; esac
    [ -e "$f" ] || continue
    seen="$seen$f
"
    if [ -f "$f" ] && [ -r "$f" ] && [ "$(stat -Lc %s -- "$f")" -le ${LARGEST} ]; then set -- "$@" "$f"
    else echo '##unread'; fi
  done
  [ $# -gt 0 ] || break
  for f in "$@"; do printf '##file %s\n' "$f"; sed 's/^/ /' <"$f" | tr -d '\0'; echo; done
  todo=$(cat -- "$@" | tr ';{}' '\n\n\n' | sed -n 's/^[[:space:]]*include[[:space:]]\{1,\}//p' |
    sed -e 's/[[:space:]]*$//' -e 's/^"\(.*\)"$/\1/' -e "s/^'\(.*\)'$/\1/" -e 's|^[^/]|/etc/nginx/&|' -e '/\/mime\.types$/d')
done
)
if [ "$(readlink /etc/nginx/sites-enabled/default)" = /etc/nginx/sites-available/default ]; then
  echo '##stock-enabled'
  hw_sum=$(md5sum </etc/nginx/sites-available/default | cut -c1-32)
  dpkg-query -W -f '\${Conffiles}\n' nginx-common 2>/dev/null | grep -q "^ /etc/nginx/sites-available/default $hw_sum" &&
    [ "$(ls -A /var/www/html 2>/dev/null)" = index.nginx-debian.html ] &&
    cmp -s /var/www/html/index.nginx-debian.html /usr/share/nginx/html/index.html &&
    echo '##stock-untouched'
elif [ -e /etc/nginx/sites-enabled/default ]; then echo '##stock-enabled'
fi
awk -F'\t' 'index($1, "file:/etc/nginx/") == 1 { last[$1] = $2 }
  END { for (id in last) if (last[id] != "") print "##written " substr(id, 6) }' ${`${STATE_DIRECTORY}/remembered`} 2>/dev/null
fi
true`,
  parse(output) {
    const files = new Map<string, string>();
    const said = new Set<string>();
    const written: string[] = [];
    let version = '';
    let file: string | undefined;
    for (const line of output.split('\n')) {
      if (line.startsWith(' ') && file !== undefined) files.set(file, `${files.get(file)}${line.slice(1)}\n`);
      const [, label = '', rest = ''] = /^##([a-z-]+) ?(.*)$/.exec(line) ?? [];
      if (label === 'file') {
        file = rest;
        files.set(file, '');
      } else if (label === 'version') {
        version = /^[^/]*\/(\d+(?:\.\d+)*)/.exec(rest)?.[1] ?? '';
      } else if (label === 'written') {
        written.push(rest);
      } else if (label !== '') {
        said.add(label);
      }
    }
    const configured = files.has('/etc/nginx/nginx.conf');
    const config = readServers(files);
    const confD = config.httpIncludes.indexOf('/etc/nginx/conf.d/*.conf');
    return {
      installed: said.has('installed'),
      version,
      configured,
      complete: !configured || (config.complete && !said.has('unread')),
      readsConfD: confD >= 0,
      readsSitesEnabled: config.httpIncludes.lastIndexOf('/etc/nginx/sites-enabled/*') > confD,
      written: written.sort(),
      servers: config.servers,
      httpDirectives: config.httpDirectives,
      stockSite: said.has('stock-untouched') ? 'stock' : said.has('stock-enabled') ? 'used' : 'absent',
    };
  },
});
