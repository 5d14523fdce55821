import { request } from 'node:http';

/** A page of the router's. */
export interface Page {
  readonly status: number;
  readonly body: string;
}

/** What is asked, and how much of an answer is taken. */
export interface Question {
  readonly url: URL;
  readonly from: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent by POST; absent: GET. */
  readonly body?: string;
  /** Milliseconds until the whole answer is there. */
  readonly total: number;
  /** Bytes. */
  readonly most: number;
}

const HEADERS = 16 * 1024;

/** One request. Redirects are not followed. Never rejects: undefined for no answer, one that is too long, or takes too long. */
export function fetchPage({
  url,
  from,
  headers = {},
  body,
  total,
  most,
}: Question): Promise<Page | undefined> {
  return new Promise((resolve) => {
    const end = (page?: Page): void => {
      clearTimeout(over);
      outgoing.destroy();
      resolve(page);
    };
    const outgoing = request(
      {
        // As text, so that nothing is looked up: `pageOf` has made sure that it is the gateway’s address.
        host: url.hostname,
        port: url.port === '' ? 80 : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...headers,
          Connection: 'close',
          ...(body === undefined ? {} : { 'Content-Length': `${Buffer.byteLength(body)}` }),
        },
        agent: false,
        localAddress: from,
        maxHeaderSize: HEADERS,
      },
      (answer) => {
        const parts: Buffer[] = [];
        let length = 0;
        answer.on('data', (part: Buffer) => {
          length += part.length;
          if (length > most) end();
          else parts.push(part);
        });
        answer.on('end', () =>
          end({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
        );
        answer.on('error', () => end());
      },
    );
    const over = setTimeout(() => end(), total);
    outgoing.on('error', () => end());
    outgoing.end(body);
  });
}
