/** Small applications on the lab's laptop for a proxy to pass requests on to, and clients that curl is not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { laptopArgv } from '../../../src/lab/enter.ts';
import { run } from '../../../src/lab/run.ts';
import type { LabState } from '../../../src/lab/state.ts';

/** A running application. */
export interface Application {
  /** Ends it as a crash would: at once. */
  kill(): Promise<void>;
}

/** Starts one that says its name; resolves once it listens. */
export async function startApplication(
  lab: LabState,
  name: string,
  port: number,
  kind: 'web' | 'grpc' = 'web',
): Promise<Application> {
  const [program = '', ...args] = laptopArgv(lab, [
    process.execPath,
    '--eval',
    `(${kind === 'web' ? web : grpc})(${JSON.stringify(name)}, ${port})`,
  ]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
  });
  return { kill: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Runs a client on the laptop; gives what it printed. */
export async function client(
  lab: LabState,
  what: (...args: string[]) => void,
  ...args: string[]
): Promise<string> {
  const script = `(${what})(...${JSON.stringify(args)})`;
  const { stdout, stderr } = await run(laptopArgv(lab, [process.execPath, '--eval', script]));
  return stdout + stderr;
}

/* The functions below run as programs of their own: nothing from outside of them is at hand there. */

function web(name: string, port: number): void {
  const http = process.getBuiltinModule('node:http');
  const crypto = process.getBuiltinModule('node:crypto');
  let asked = 0;
  const server = http.createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    if (path === '/headers') {
      response.end(JSON.stringify({ name, ...request.headers }));
    } else if (path === '/upload') {
      // Says how much it was, and whether it took its time to arrive.
      let size = 0;
      let begun = 0;
      request.once('data', () => {
        begun = Date.now();
      });
      request.on('data', (chunk: Buffer) => {
        size += chunk.length;
      });
      request.on('end', () => response.end(`${size} ${Date.now() - begun > 1500 ? 'slowly' : 'at once'}`));
    } else if (path === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
    } else if (path === '/count') {
      asked += 1;
      const answer = `${asked}`;
      setTimeout(() => response.end(answer), asked > 1 ? 1500 : 0);
    } else if (path === '/slow') {
      setTimeout(() => response.end(name), 30);
    } else {
      response.end(`application ${name}`);
    }
  });
  server.on('upgrade', (request, socket) => {
    const accept = crypto
      .createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    // A short frame from a client (RFC 6455, 5.2): two bytes, four of mask, the text. Back goes the text unmasked.
    socket.on('data', (frame: Buffer) => {
      const text = frame.subarray(6).map((byte, index) => byte ^ (frame[2 + (index % 4)] ?? 0));
      socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
    });
  });
  server.listen(port, '0.0.0.0', () => console.log('up'));
}

/** Answers every unary call with the message that it got. */
function grpc(name: string, port: number): void {
  const http2 = process.getBuiltinModule('node:http2');
  const server = http2.createServer();
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-name': name }));
      stream.end(Buffer.concat(chunks));
    });
  });
  server.listen(port, '0.0.0.0', () => console.log('up'));
}

/** Sends `text` through a WebSocket and prints what comes back. */
export function webSocketEcho(host: string, name = '', text = ''): void {
  const http = process.getBuiltinModule('node:http');
  const key = Buffer.alloc(16).toString('base64');
  const headers = {
    host: name,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
  };
  const request = http.get({ host, port: 80, path: '/', headers, timeout: 10_000 });
  request.on('response', ({ statusCode }) => console.log(`no WebSocket: ${statusCode}`));
  request.on('upgrade', (_, socket) => {
    const mask = Buffer.from([1, 2, 3, 4]);
    const body = Buffer.from(text).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | body.length]), mask, body]));
    socket.on('data', (frame: Buffer) => {
      console.log(frame.subarray(2).toString());
      socket.destroy();
    });
  });
}

/** One unary call with `text` as message; prints status of HTTP and of gRPC, and the message that came back. */
export function grpcCall(host: string, port = '', text = ''): void {
  const http2 = process.getBuiltinModule('node:http2');
  const session = http2.connect(`http://${host}:${port}`);
  const call = session.request({
    ':method': 'POST',
    ':path': '/test.Echo/Say',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const chunks: Buffer[] = [];
  let said = '';
  call.on('response', (headers) => {
    said = `${headers[':status']}`;
  });
  call.on('trailers', (trailers) => {
    said += ` ${String(trailers['grpc-status'])}`;
  });
  call.on('data', (chunk: Buffer) => chunks.push(chunk));
  call.on('end', () => {
    console.log(`${said} ${Buffer.concat(chunks).subarray(5).toString()}`);
    session.close();
  });
  const message = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  call.end(Buffer.concat([head, message]));
}
