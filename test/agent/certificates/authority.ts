import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority of tests' own: a root, and one below it that signs. */
export class Authority {
  /** PEM. */
  readonly root: string;
  readonly #intermediate: string;
  readonly #intermediateKey: string;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'authority-'));
    try {
      const at = (name: string) => join(folder, name);
      const key = (name: string) => [
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        at(name),
      ];
      const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign'];
      openssl([
        'req',
        '-x509',
        ...key('root.key'),
        '-out',
        at('root.pem'),
        '-subj',
        '/CN=Test root',
        '-days',
        '30',
        ...ca,
      ]);
      openssl(['req', '-new', ...key('sub.key'), '-out', at('sub.csr'), '-subj', '/CN=Test issuer']);
      writeFileSync(
        at('ext'),
        'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
      );
      openssl([
        'x509',
        '-req',
        '-in',
        at('sub.csr'),
        '-CA',
        at('root.pem'),
        '-CAkey',
        at('root.key'),
        '-CAcreateserial',
        '-days',
        '20',
        '-extfile',
        at('ext'),
        '-out',
        at('sub.pem'),
      ]);
      this.root = readFileSync(at('root.pem'), 'utf8');
      this.#intermediate = readFileSync(at('sub.pem'), 'utf8');
      this.#intermediateKey = readFileSync(at('sub.key'), 'utf8');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** A new key and a chain for it. @param days of life from now on; negative: it is over */
  issue(names: readonly string[], days = 10): { readonly chain: string; readonly key: string } {
    const folder = mkdtempSync(join(tmpdir(), 'authority-'));
    try {
      const [key, request] = [join(folder, 'key'), join(folder, 'csr')];
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      openssl(['req', '-new', ...curve, '-keyout', key, '-out', request, '-subj', '/CN=test']);
      return { key: readFileSync(key, 'utf8'), chain: this.sign(readFileSync(request, 'utf8'), names, days) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The chain for a request, PEM. */
  sign(request: string, names: readonly string[], days = 10): string {
    const folder = mkdtempSync(join(tmpdir(), 'authority-'));
    try {
      const at = (name: string) => join(folder, name);
      writeFileSync(at('sub.pem'), this.#intermediate);
      writeFileSync(at('sub.key'), this.#intermediateKey);
      writeFileSync(at('csr'), request);
      const alternatives = names.map((name) => `DNS:${name}`).join(',');
      writeFileSync(at('ext'), `authorityKeyIdentifier=keyid\nsubjectAltName=${alternatives}\n`);
      openssl([
        'x509',
        '-req',
        '-in',
        at('csr'),
        '-CA',
        at('sub.pem'),
        '-CAkey',
        at('sub.key'),
        '-CAcreateserial',
        '-days',
        String(days),
        '-extfile',
        at('ext'),
        '-out',
        at('out.pem'),
      ]);
      return readFileSync(at('out.pem'), 'utf8') + this.#intermediate;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function openssl(words: readonly string[]): void {
  execFileSync('openssl', [...words], { stdio: 'pipe' });
}
