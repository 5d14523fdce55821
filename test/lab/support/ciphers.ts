import { labCapture } from '../../../src/lab/exec.ts';

const OFFERS = ['-tls1_3', '-tls1_2', '-tls1_2 -cipher ALL:!AESGCM:!CHACHA20:@SECLEVEL=0'] as const;

/**
 * What openssl on the phone and a server agree on (`TLSv1.2 ECDHE-…`; undefined: nothing): with TLS 1.3, with 1.2, and with 1.2 while it offers nothing but older ciphers.
 * @param protocol what precedes TLS there, as `openssl s_client -starttls` calls it
 */
export async function agreed(
  lab: string,
  protocol: 'postgres' | 'mysql',
  to: string,
): Promise<readonly (string | undefined)[]> {
  const answers: (string | undefined)[] = [];
  for (const offer of OFFERS) {
    const script = `timeout 20 openssl s_client -starttls ${protocol} ${offer} -connect ${to} </dev/null 2>/dev/null; :`;
    const { stdout } = await labCapture({ name: lab, node: 'phone', argv: ['sh', '-c', script] });
    const [, version, cipher] = /^New, (TLSv1\.\d), Cipher is (\S+)$/m.exec(stdout) ?? [];
    answers.push(version && `${version} ${cipher}`);
  }
  return answers;
}
