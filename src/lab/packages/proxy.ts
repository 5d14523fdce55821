/**
 * The one way out of the lab: an HTTP proxy that fetches from Debian's package servers, and from nowhere else.
 * What it fetched is kept, so that a second lab installs the same packages without the network.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PACKAGES } from '../places.ts';
import { cachePath, isImmutable, serveCached, storeWhileSending } from './cache.ts';
import { fetchUpstream, parseUrl } from './upstream.ts';

/** Hosts whose packages Debian's apt verifies by signature, so that plain HTTP does. */
const HOSTS: readonly string[] = ['deb.debian.org', 'security.debian.org', 'ftp.debian.org'];

/** Where to listen: an address, or a socket that is already open (systemd's socket passing, sd_listen_fds(3)). */
export type Listen = { readonly host: string; readonly port: number } | { readonly fd: number };

export interface PackageProxy {
  readonly port: number;
  close(): Promise<void>;
}

export async function startPackageProxy(listen: Listen, folder = PACKAGES): Promise<PackageProxy> {
  const server = createServer((request, response) => {
    answer(request, response, folder).catch((error: unknown) => {
      refuse(response, 502, error instanceof Error ? error.message : String(error));
    });
  });
  server.on('connect', (_request, socket) => {
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The URL if it may be fetched, else why not. */
export function permitted(method: string | undefined, target: string | undefined): URL | string {
  if (method !== 'GET' && method !== 'HEAD') return 'Only GET and HEAD pass';
  const url = parseUrl(target ?? '');
  if (url?.protocol !== 'http:') return 'This is a proxy for http:// addresses of Debian packages';
  if (!HOSTS.includes(url.hostname) || url.port !== '') return `${url.host} is no Debian package server`;
  // The path becomes a file name in the cache.
  if (!/^(\/[\w.+~:%=-]+)+\/?$/.test(url.pathname) || /(^|\/)\.|%2f|%5c|%00/i.test(url.pathname)) {
    return 'The path is not that of a package';
  }
  return url;
}

async function answer(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const url = permitted(request.method, request.url);
  if (typeof url === 'string') return refuse(response, 403, url);
  const file = cachePath(folder, url);
  if (isImmutable(url) && (await serveCached(file, request, response))) return;
  let upstream: IncomingMessage;
  try {
    upstream = await fetchUpstream(url, request.headers);
  } catch (error) {
    // Without a network the package lists of last time are better than none.
    if (await serveCached(file, request, response)) return;
    throw error;
  }
  await storeWhileSending(upstream, request, response, file);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${why}\n`);
}
