import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const BUFFER_BYTES = 256 * 1024;

/** Size in bytes and SHA-256 (hex) of what was read, through one buffer. */
export async function hashFile(path: string): Promise<{ size: number; sha256: string }> {
  // Should a pipe have taken the file's place meanwhile, opening must not wait for a writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const hash = createHash('sha256');
    const { size: expected } = await handle.stat();
    const buffer = Buffer.allocUnsafe(Math.min(BUFFER_BYTES, expected + 1));
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return { size, sha256: hash.digest('hex') };
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
