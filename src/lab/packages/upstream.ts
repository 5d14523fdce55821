/** How this computer itself reaches Debian's servers: directly, or by the proxy that it is set up with. */
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** Milliseconds without a byte after which a server is given up. */
const PATIENCE = 30_000;

/**
 * Asks for a file, and resolves when the answer begins.
 * @throws {Error} when the server cannot be reached.
 */
export function fetchUpstream(url: URL, headers: IncomingHttpHeaders): Promise<IncomingMessage> {
  const proxy = parseUrl(process.env.HOSTWRIGHT_UPSTREAM_PROXY || process.env.http_proxy || '');
  const since = headers['if-modified-since'];
  const sent = { host: url.host, ...(since === undefined ? {} : { 'if-modified-since': since }) };
  return new Promise((resolve, reject) => {
    const asked = request(
      proxy === undefined
        ? { host: url.hostname, path: url.pathname, headers: sent }
        : { host: proxy.hostname, port: proxy.port || 80, path: url.href, headers: sent },
      resolve,
    );
    asked.setTimeout(PATIENCE, () => asked.destroy(new Error(`${url.host} did not answer in time`)));
    asked.on('error', (error) => reject(new Error(`${url.host} could not be reached: ${error.message}`)));
    asked.end();
  });
}

/** `URL.parse`, which Node 20 does not have everywhere. */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
