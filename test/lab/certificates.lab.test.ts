import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labUp } from '../../src/lab/up.ts';
import { certificatePaths } from '../../src/resources/certificate/paths.ts';
import { Box } from './box-engine.ts';
import { type Finished, hostwright, summaryOf, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const { folder: FOLDER, certificate: CERTIFICATE, key: KEY } = certificatePaths('mail');

/** A service that notes when it was told to look again. */
const UNIT = `[Unit]
Description=Looks again when told
[Service]
ExecStart=/usr/bin/sleep infinity
ExecReload=/bin/sh -c 'echo told >>/run/told'
[Install]
WantedBy=multi-user.target
`;

describe.each(releasesOf('bookworm'))('on Debian %s', (release) => {
  const name = `certificates-${release}`;
  const box = new Box(name);
  const folder = workingFolder();

  beforeAll(() => labUp({ name, release, report: () => undefined }));
  afterAll(async () => {
    folder.remove();
    await labDown({ name, report: () => undefined });
  });

  const declare = (names: readonly string[]): void =>
    folder.write(
      'host.yaml',
      JSON.stringify({
        host: 'attic',
        connect: { lab: name },
        roles: {
          extras: {
            groups: [{ name: 'readers' }],
            certificates: [
              { name: 'mail', names, group: 'readers', notify: { service: 'again', action: 'reload' } },
            ],
            files: [
              { path: '/etc/systemd/system/again.service', content: UNIT },
              { path: '/etc/mail.key', secret: 'mail' },
            ],
            services: [{ name: 'again' }],
          },
        },
      }),
    );

  async function run(words: readonly string[], code = 0): Promise<Finished> {
    const finished = await hostwright([...words], folder.path);
    if (finished.code !== code)
      throw new Error(`${words.join(' ')}: exit ${finished.code}\n${finished.stderr}\n${finished.stdout}`);
    return finished;
  }
  const apply = async (...more: readonly string[]) =>
    summaryOf(await run(['apply', '--yes', '--json', '--no-check', ...more]));
  const keySum = () => box.must(`sha256sum <${KEY}`);
  const openssl = (words: string) => box.must(`openssl ${words}`);
  const both = () => box.must(`cd ${FOLDER} && stat -c '%n %a %U %G' * && sha256sum *`);

  it('makes a certificate that openssl finds in order, mends it, and takes it back', async () => {
    declare(['mail.attic', '192.168.1.20', 'fd00::1']);
    await apply();
    expect(await openssl(`x509 -in ${CERTIFICATE} -noout -ext subjectAltName,basicConstraints`)).toMatch(
      /CA:FALSE(?:.|\n)*DNS:mail\.attic, IP Address:192\.168\.1\.20, IP Address:FD00:0:0:0:0:0:0:1/,
    );
    expect(
      await openssl(`verify -CAfile ${CERTIFICATE} -verify_hostname mail.attic ${CERTIFICATE}`),
    ).toContain(': OK');
    expect(await openssl(`pkey -in ${KEY} -noout -text`)).toContain('prime256v1');
    expect(await both()).toMatch(/fullchain\.pem 644 root root\nkey\.pem 640 root readers\n/);
    expect(await apply()).toMatchObject({ changed: 0 });

    // A network client that trusts this one certificate.
    const served =
      await box.must(`openssl s_server -quiet -accept 4443 -cert ${CERTIFICATE} -key ${KEY} </dev/zero >/dev/null 2>&1 &
until echo | openssl s_client -connect 127.0.0.1:4443 -CAfile ${CERTIFICATE} -verify_return_error 2>/dev/null; do kill -0 $! || exit 1; done
kill $!`);
    expect(served).toContain('Verify return code: 0 (ok)');

    const key = await keySum();
    declare(['mail.attic', 'attic.local']);
    await box.must('rm -f /run/told');
    await apply();
    expect(await keySum()).toBe(key);
    expect(await openssl(`x509 -in ${CERTIFICATE} -noout -ext subjectAltName`)).toContain(
      'DNS:mail.attic, DNS:attic.local',
    );
    expect(await box.must('cat /run/told')).toBe('told\n');

    await box.must(
      `openssl req -x509 -new -key ${KEY} -days 30 -subj /CN=mail.attic -addext subjectAltName=DNS:mail.attic,DNS:attic.local -out ${CERTIFICATE}`,
    );
    expect((await run(['plan'])).stdout).toContain(
      'with the same key for mail.attic, attic.local: the one there is valid until',
    );
    await apply();
    expect([await keySum(), await openssl(`x509 -in ${CERTIFICATE} -noout -checkend 63072000`)]).toEqual([
      key,
      'Certificate will not expire\n',
    ]);

    // In which order the names come is no reason for another certificate, nor for a change of rights to fail.
    declare(['attic.local', 'mail.attic']);
    await box.must(`chmod 0644 ${KEY}`);
    expect(await apply()).toMatchObject({ changed: 1 });
    expect(await box.must(`stat -c %a ${KEY}`)).toBe('640\n');

    for (const breakage of [
      `rm ${KEY}`,
      // As a power cut between the two leaves it.
      `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ${KEY}`,
    ]) {
      await box.must(breakage);
      expect(await apply()).toMatchObject({ changed: 1, failed: 0 });
      expect(await box.must(`openssl x509 -in ${CERTIFICATE} -noout -pubkey`)).toBe(
        await box.must(`openssl pkey -in ${KEY} -pubout`),
      );
    }

    const before = await both();
    declare(['other.attic']);
    await apply();
    expect(await both()).not.toBe(before);
    await run(['rollback', '--yes']);
    expect(await both()).toBe(before);

    declare(['mail.attic', 'attic.local']);
    await box.must(
      `openssl req -x509 -newkey rsa:2048 -nodes -keyout ${KEY} -days 900 -subj /CN=mine -out ${CERTIFICATE}; chmod 640 ${KEY}; chgrp readers ${KEY}`,
    );
    const theirs = await both();
    expect((await run(['apply', '--yes', '--no-check'], 1)).stderr).toContain('certificate:mail');
    expect(await apply('--on-conflict', 'keep')).toMatchObject({ changed: 0 });
    expect(await both()).toBe(theirs);
    await apply('--on-conflict', 'take');
    expect(await openssl(`x509 -in ${CERTIFICATE} -noout -subject`)).toContain('mail.attic');
  });

  it('writes a secret into a file, and the new one when it is rotated; an edit by hand stops it', async () => {
    declare(['mail.attic', 'attic.local']);
    const shown = async () => (await run(['secrets', 'show', 'extras/mail', '--yes'])).stdout.trimEnd();
    const onHost = () => box.must('cat /etc/mail.key; stat -c %a /etc/mail.key');
    const first = await shown();
    expect(await onHost()).toBe(`${first}\n600\n`);
    await run(['secrets', 'rotate', 'extras/mail', '--yes']);
    const second = await shown();
    expect(second).not.toBe(first);
    expect(await onHost()).toBe(`${second}\n600\n`);

    await box.must('echo by-hand >/etc/mail.key');
    // Nothing else is wanted there by now, so it stays as any edited file does.
    expect(await apply()).toMatchObject({ changed: 0 });
    await run(['secrets', 'rotate', 'extras/mail', '--yes', '--on-conflict', 'stop'], 1);
    const plan = await run(['plan', '--json']);
    expect(plan.stdout + plan.stderr).not.toMatch(new RegExp(`by-hand|${first}|${second}`));
    await apply('--on-conflict', 'take');
    expect(await onHost()).toBe(`${await shown()}\n600\n`);
    await run(['remove', '--all', '--yes']);
    expect(await box.must(`ls -d ${FOLDER} /etc/ssl/hostwright /etc/mail.key 2>/dev/null || :`)).toBe('');
  });
});
