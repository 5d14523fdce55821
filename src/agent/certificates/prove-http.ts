import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OwnFailure } from './failure.ts';
import { writeWhole } from './files.ts';
import type { CertificatePlaces } from './places.ts';
import type { Prover } from './prove.ts';

/** By a file that the web server shows below `/.well-known/acme-challenge/` (RFC 8555 section 8.3). */
export function httpProver({ challenges }: CertificatePlaces): Prover {
  return {
    type: 'http-01',
    async show(_name, token, value) {
      // A token is a file's name here: what is not base64url (RFC 8555 section 8.3) could be any path.
      if (!/^[A-Za-z0-9_-]{1,200}$/.test(token))
        throw new OwnFailure(
          'bad-answer',
          'The authority’s answer was not understood.',
          `a token ‘${token}’`,
        );
      const path = join(challenges, token);
      await writeWhole(path, value, 0o644);
      return () => rm(path, { force: true }).catch(() => undefined);
    },
    ready: () => Promise.resolve(),
  };
}
