import { createHash } from 'node:crypto';
import { Secret } from '../secrets/secret.ts';
import { replaceSecrets } from './secret-template.ts';

/** Data with secrets in it as the text of a JSON file: one secret, known without them by what stands around them. Pure. */
export function secretJson(data: unknown): Secret {
  const text = (standIn: (secret: Secret) => string): string =>
    `${JSON.stringify(replaceSecrets(data, standIn), null, 2)}\n`;
  const mark = (standIn: (secret: Secret) => string): string =>
    createHash('sha256').update(text(standIn)).digest('hex').slice(0, 32);
  return new Secret(
    text((secret) => secret.reveal()),
    mark((secret) => secret.mark),
    { planMark: mark((secret) => secret.planMark) },
  );
}
