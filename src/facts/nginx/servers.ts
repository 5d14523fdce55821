import { type Directive, parseConfig } from './tokens.ts';

/** One `listen` of a server block (ngx_http_core_module). */
export interface NginxListen {
  /** `*` for every IPv4 address, `[::]` for every IPv6 one, an address (IPv6 in brackets), a name, or `unix:/path`. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** It answers whatever no other server on this address and port has a name for. */
  readonly defaultServer: boolean;
  /** `ipv6only=off`: the IPv6 socket takes IPv4 too. */
  readonly dualStack: boolean;
  /** It speaks TLS. */
  readonly ssl?: true;
  /** HTTP/2 by the word of nginx before 1.25.1, which counts for every server of this address and port. */
  readonly http2?: true;
  /** HTTP/3: the port is one of UDP. */
  readonly quic?: true;
}

/** One `server` block. */
export interface NginxServer {
  /** Absolute path of the file that holds it. */
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** As written, in lower case; `''` and `_` are names nobody asks for. */
  readonly names: readonly string[];
  readonly listens: readonly NginxListen[];
}

/** What the files of a configuration come to. */
export interface NginxConfig {
  /** In the order in which nginx reads them: the first on an address is its default when none is marked. */
  readonly servers: readonly NginxServer[];
  /** Every pattern of an `include` directly in `http`, absolute, in order. */
  readonly httpIncludes: readonly string[];
  /** Every other simple directive directly in `http`: most may stand there only once. */
  readonly httpDirectives: readonly { readonly name: string; readonly file: string }[];
  /** False when a file is missing here, nested too deep, or not understood. */
  readonly complete: boolean;
}

const DEPTH = 10;

/**
 * Follows `nginx.conf` through its includes and finds the server blocks.
 * @param files content by absolute path, of all files that could be read
 */
export function readServers(files: ReadonlyMap<string, string>, root = '/etc/nginx'): NginxConfig {
  const servers: NginxServer[] = [];
  const httpIncludes: string[] = [];
  const httpDirectives: { name: string; file: string }[] = [];
  let complete = true;

  const walk = (file: string, directives: readonly Directive[], context: string, depth: number): void => {
    for (const directive of directives) {
      const { name, args, block } = directive;
      const [argument = ''] = args;
      if (name === 'include') {
        const pattern = argument.startsWith('/') ? argument : `${root}/${argument}`;
        if (context === 'http') httpIncludes.push(pattern);
        include(pattern, context, depth);
      } else if (name === 'http' && context === '' && block) {
        walk(file, block, 'http', depth);
      } else if (name === 'server' && context === 'http' && block) {
        servers.push(toServer(file, directive, (from) => splice(from, depth)));
      } else if (context === 'http' && !block) {
        httpDirectives.push({ name, file });
      }
    }
  };

  /** The directives of the files that a pattern names, or what is known of them. */
  const read = (pattern: string, depth: number): { path: string; directives: readonly Directive[] }[] => {
    if (pattern.endsWith('/mime.types')) return [];
    const wanted = globToRegExp(pattern);
    const paths = [...files.keys()].filter((path) => wanted.test(path)).sort();
    if ((paths.length === 0 && !/[*?[]/.test(pattern)) || depth >= DEPTH) complete = false;
    if (depth >= DEPTH) return [];
    return paths.map((path) => {
      const parsed = parseConfig(files.get(path) ?? '');
      if (!parsed.complete) complete = false;
      return { path, directives: parsed.directives };
    });
  };

  const include = (pattern: string, context: string, depth: number): void => {
    for (const { path, directives } of read(pattern, depth)) walk(path, directives, context, depth + 1);
  };

  /** A server block with what it includes put in place. */
  const splice = (directives: readonly Directive[], depth: number): readonly Directive[] =>
    directives.flatMap((directive) => {
      if (directive.name !== 'include') return [directive];
      const [argument = ''] = directive.args;
      const found = read(argument.startsWith('/') ? argument : `${root}/${argument}`, depth);
      return found.flatMap((file) => splice(file.directives, depth + 1));
    });

  include(`${root}/nginx.conf`, '', 0);
  return { servers, httpIncludes, httpDirectives, complete };
}

function toServer(
  file: string,
  { line, block = [] }: Directive,
  splice: (directives: readonly Directive[]) => readonly Directive[],
): NginxServer {
  const inside = splice(block);
  const all = (name: string): readonly Directive[] => inside.filter((directive) => directive.name === name);
  const listens = all('listen').map(({ args }) => toListen(args));
  const names = all('server_name').flatMap(({ args }) => args.map((name) => name.toLowerCase()));
  return {
    file,
    line,
    names,
    listens: listens.length > 0 ? listens : [toListen(['80'])],
  };
}

/** `80`, `*:80`, `[::]:80`, `127.0.0.1`, `unix:/run/x` and so on, with its options. */
function toListen([place = '', ...options]: readonly string[]): NginxListen {
  const flags = {
    defaultServer: options.includes('default_server') || options.includes('default'),
    dualStack: options.includes('ipv6only=off'),
    ...(options.includes('ssl') ? { ssl: true as const } : {}),
    ...(options.includes('http2') ? { http2: true as const } : {}),
    ...(options.includes('quic') ? { quic: true as const } : {}),
  };
  if (place.startsWith('unix:')) return { address: place, port: 0, ...flags };
  if (/^\d+$/.test(place)) return { address: '*', port: Number(place), ...flags };
  const [, host = place, port = '80'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(place) ?? [];
  return { address: host === '0.0.0.0' ? '*' : host.toLowerCase(), port: Number(port), ...flags };
}

/** glob(7) as glob(3) does it: `*` and `?` match neither `/` nor a leading dot. */
function globToRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\[!?[^\]]+\]|[*?]|[^*?[]+|\[/g, (part, at: number) => {
    const first = pattern[at - 1] === '/' ? '(?!\\.)' : '';
    if (part === '*') return `${first}[^/]*`;
    if (part === '?') return `${first}[^/]`;
    if (/^\[.+\]$/.test(part))
      return `${first}[${part.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    return part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`, 'u');
  } catch {
    return /(?!)/;
  }
}
