/** Files that the package proxy keeps. */
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';

/** The file that keeps what `url` names. The caller has checked the URL. */
export function cachePath(folder: string, url: URL): string {
  return join(folder, url.hostname, decodeURIComponent(url.pathname));
}

/** Debian never changes a file of its pool, nor one named after its hash. */
export function isImmutable({ pathname }: URL): boolean {
  return /\/pool\/.*\.u?deb$|\/by-hash\//.test(pathname);
}

/** Answers from the cache; false when it does not have the file. */
export async function serveCached(
  file: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return false;
  try {
    const { size, mtime } = await handle.stat();
    const since = Date.parse(request.headers['if-modified-since'] ?? '');
    if (since >= Math.floor(mtime.getTime() / 1000) * 1000) {
      response.writeHead(304).end();
      return true;
    }
    response.writeHead(200, { 'content-length': size, 'last-modified': mtime.toUTCString() });
    if (request.method === 'HEAD') response.end();
    else await pipeline(handle.createReadStream({ autoClose: false }), response);
    return true;
  } finally {
    await handle.close();
  }
}

/** Passes an answer on, and keeps it if it is a whole file. It appears in the cache in one rename. */
export async function storeWhileSending(
  upstream: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
  file: string,
): Promise<void> {
  const { statusCode = 502, headers } = upstream;
  const passed = ['content-length', 'last-modified', 'content-type', 'location'] as const;
  const kept = passed.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]] as const],
  );
  response.writeHead(statusCode, Object.fromEntries(kept));
  if (statusCode !== 200 || request.method === 'HEAD') return pipeline(upstream, response);

  const staged = `${file}.${process.pid}.${Date.now().toString(36)}${Math.random().toString(36).slice(2)}.part`;
  await mkdir(dirname(file), { recursive: true });
  const copy = createWriteStream(staged);
  upstream.pipe(copy);
  try {
    await Promise.all([pipeline(upstream, response, { end: true }), finished(copy)]);
    if (!(await isWhole(staged, headers['content-length']))) throw new Error('The answer was cut off');
    const modified = new Date(headers['last-modified'] ?? Date.now());
    await utimes(staged, modified, modified);
    await rename(staged, file);
  } finally {
    copy.destroy();
    await rm(staged, { force: true });
  }
}

async function isWhole(file: string, length: string | undefined): Promise<boolean> {
  return length === undefined || (await stat(file)).size === Number(length);
}
