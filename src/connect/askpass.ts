import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { quote } from '../quote.ts';

/** What ssh asks through its askpass program (ssh(1), SSH_ASKPASS). */
export interface AskpassQuestion {
  readonly prompt: string;
  /** SSH_ASKPASS_PROMPT: `confirm` wants yes or no, `none` only informs. */
  readonly hint: 'confirm' | 'none' | 'answer';
}

/** Answers ssh's questions; undefined cancels. */
export type Answerer = (question: AskpassQuestion) => Promise<string | undefined>;

/** The askpass program of one master, and the socket behind it. */
export interface Askpass {
  /** To be added to the environment of ssh. */
  readonly env: NodeJS.ProcessEnv;
  close(): void;
}

/**
 * Makes an askpass program in `folder` (which nobody else can read): it hands the question over a socket to
 * this process and prints the answer. So secrets touch neither a file nor an argument nor an environment.
 */
export async function startAskpass(folder: string, answerer: Answerer): Promise<Askpass> {
  const socketPath = join(folder, 'ask');
  const client = join(folder, 'askpass.cjs');
  const program = join(folder, 'askpass');
  await writeFile(client, CLIENT, { mode: 0o600 });
  await writeFile(
    program,
    `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(client)} ${quote(socketPath)} "$1"\n`,
  );
  await chmod(program, 0o700);
  const server = await listen(socketPath, answerer);
  return {
    env: { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: process.env.DISPLAY ?? ':0' },
    close: () => {
      server.close();
    },
  };
}

/** Sends the question as one line of JSON, prints the answer; an empty reply means "cancelled". */
const CLIENT = `'use strict';
const [socketPath, prompt] = process.argv.slice(2);
const hint = process.env.SSH_ASKPASS_PROMPT || 'answer';
const socket = require('node:net').connect(socketPath);
let reply = '';
socket.on('error', () => process.exit(1));
socket.on('data', (chunk) => { reply += chunk; });
socket.on('end', () => {
  if (reply === '') process.exit(1);
  process.stdout.write(JSON.parse(reply) + '\\n', () => process.exit(0));
});
socket.write(JSON.stringify({ prompt, hint }) + '\\n');
`;

function listen(socketPath: string, answerer: Answerer): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.endsWith('\n')) reply(socket, text, answerer);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => resolve(server));
  });
}

function reply(socket: Socket, text: string, answerer: Answerer): void {
  const question: AskpassQuestion = JSON.parse(text);
  answerer(question).then(
    (answer) => socket.end(answer === undefined ? '' : JSON.stringify(answer)),
    () => socket.end(),
  );
}
