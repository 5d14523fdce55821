import { Writable } from 'node:stream';

/** A stream that remembers what was written, as wide as a small terminal. */
export function createTerminal({ isTTY = true, columns = 80 } = {}) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  Object.assign(stream, { isTTY, columns, rows: 24, fd: 2 });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}
