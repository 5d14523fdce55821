import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import ssh2 from 'ssh2';

/** What the little ssh server of the tests lets in, and how it behaves. */
export interface ServerOptions {
  readonly hostKeys: readonly string[];
  /** Public keys that open it, as lines of authorized_keys. */
  readonly keys?: readonly string[];
  readonly password?: string;
  /** Methods it admits to after a refusal; default: what is set above. */
  readonly methods?: readonly ssh2.AuthenticationType[];
  /** Further sessions are refused while this many are open. */
  readonly maxSessions?: number;
  /** Forwarding is "administratively prohibited". */
  readonly noForwarding?: boolean;
  readonly algorithms?: ssh2.ServerConfig['algorithms'];
  /** Runs the command line that arrives, as the account's login shell would. Default `sh -c`. */
  readonly loginShell?: readonly string[];
}

/** A running server, on a port of its own of 127.0.0.1. */
export interface TestServer {
  readonly port: number;
  /** Commands that arrived, and methods by which somebody tried to get in. */
  readonly commands: readonly string[];
  readonly attempts: readonly string[];
  /** Most sessions that were open at once. */
  readonly peak: number;
  close(): Promise<void>;
}

/** Starts an ssh server in this process, so that the tests need neither root nor an installed sshd. */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const commands: string[] = [];
  const attempts: string[] = [];
  const sockets = new Set<ssh2.Connection>();
  let peak = 0;
  const server = new ssh2.Server(
    { hostKeys: [...options.hostKeys], ...(options.algorithms && { algorithms: options.algorithms }) },
    (client) => {
      sockets.add(client);
      client.on('close', () => sockets.delete(client));
      client.on('error', () => {});
      client.on('authentication', (context) => {
        attempts.push(context.method);
        authenticate(context, options);
      });
      let sessions = 0;
      client.on('session', (accept, reject) => {
        if (sessions >= (options.maxSessions ?? Number.POSITIVE_INFINITY)) {
          reject();
          return;
        }
        sessions += 1;
        peak = Math.max(peak, sessions);
        const session = accept();
        session.on('close', () => {
          sessions -= 1;
        });
        session.on('exec', (acceptExec, _reject, { command }) => {
          commands.push(command);
          run(acceptExec(), command, options.loginShell ?? ['sh', '-c']);
        });
      });
      client.on('tcpip', (accept, reject, { destIP, destPort }) => {
        if (options.noForwarding) reject();
        else relay(connect(destPort, destIP), accept, reject);
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    commands,
    attempts,
    get peak() {
      return peak;
    },
    async close() {
      for (const client of sockets) client.end();
      server.close();
    },
  };
}

function authenticate(context: ssh2.AuthContext, options: ServerOptions): void {
  const { keys = [], password } = options;
  const admitted: ssh2.AuthenticationType[] = [
    ...(options.methods ?? [
      ...(keys.length > 0 ? (['publickey'] as const) : []),
      ...(password ? (['password'] as const) : []),
    ]),
  ];
  if (context.method === 'keyboard-interactive' && admitted.includes('keyboard-interactive')) {
    context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
      if (answers[0] === password) context.accept();
      else context.reject(admitted);
    });
    return;
  }
  const byPassword =
    context.method === 'password' && admitted.includes('password') && context.password === password;
  const byKey = context.method === 'publickey' && keyFits(context, keys);
  if (byPassword || byKey) context.accept();
  else context.reject(admitted);
}

/** A known key: good enough for the question whether it would do; for the login its signature must be right. */
function keyFits(context: ssh2.PublicKeyAuthContext, keys: readonly string[]): boolean {
  const base64 = context.key.data.toString('base64');
  const line = keys.find((key) => key.split(' ')[1] === base64);
  if (line === undefined) return false;
  const { blob, signature, hashAlgo } = context;
  if (signature === undefined || blob === undefined) return true;
  const key: ssh2.ParsedKey | Error = ssh2.utils.parseKey(line);
  return !(key instanceof Error) && key.verify(blob, signature, hashAlgo);
}

function run(channel: ssh2.ServerChannel, command: string, [shell = 'sh', ...args]: readonly string[]): void {
  const child = spawn(shell, [...args, command], { detached: true });
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {});
  channel.on('error', () => {});
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on('close', () => {
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  });
  child.on('close', (code, signal) => {
    if (code === null) channel.exit(signal ?? 'SIGTERM');
    else channel.exit(code);
    channel.end();
  });
}

function relay(socket: Socket, accept: () => ssh2.ServerChannel, reject: () => void): void {
  socket.once('error', reject);
  socket.once('connect', () => {
    const channel = accept();
    channel.on('error', () => socket.destroy());
    socket.on('error', () => channel.end());
    socket.pipe(channel).pipe(socket);
  });
}
