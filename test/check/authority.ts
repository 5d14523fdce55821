import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** A private authority for tests, with OpenSSL. */
export interface Authority {
  readonly root: string;
  /** For these names and that many days. */
  issue(names: readonly string[], days?: number): Pair;
  remove(): void;
}

export function authority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'hostwright-ca-'));
  const at = (name: string): string => join(folder, name);
  const openssl = (words: string): void => {
    execFileSync('openssl', words.split(' '), { stdio: 'ignore', cwd: folder });
  };
  const made = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  openssl(
    `req -x509 ${made} -keyout ca.key -out ca.pem -days 30 -subj /CN=Test-Root -addext keyUsage=keyCertSign`,
  );
  return {
    root: readFileSync(at('ca.pem'), 'utf8'),
    issue(names, days = 90) {
      const alternative = names.map((name) => `DNS:${name}`).join(',');
      writeFileSync(at('ext'), `subjectAltName=${alternative}\n`);
      openssl(`req -new ${made} -keyout key.pem -out csr.pem -subj /CN=${names[0] ?? ''}`);
      openssl(
        `x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days ${days} -extfile ext -out cert.pem`,
      );
      return { key: readFileSync(at('key.pem'), 'utf8'), cert: readFileSync(at('cert.pem'), 'utf8') };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
