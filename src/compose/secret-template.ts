import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { Secret } from '../secrets/secret.ts';
import { renderTemplate } from './templates.ts';

/**
 * Renders a template whose data may hold secrets; the text is one secret. It is rendered with stand-ins first: what is
 * wrong with the template or with anything else shows there, and by that text the result is known without its secrets.
 * Pure.
 * @throws {UserError} naming template and line; of a secret that has no place there it tells nothing.
 */
export function renderSecretTemplate(
  name: string,
  text: string,
  data: Readonly<Record<string, unknown>>,
): Secret {
  const markedBy = (standIn: (secret: Secret) => string): string =>
    digest(
      renderTemplate(
        name,
        text,
        replaceSecrets(data, (secret) => digest(standIn(secret))),
      ),
    );
  const mark = markedBy((secret) => secret.mark);
  const planMark = markedBy((secret) => secret.planMark);
  try {
    const value = renderTemplate(
      name,
      text,
      replaceSecrets(data, (secret) => secret.reveal()),
    );
    return new Secret(value, mark, { planMark });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.problems.map(({ at, message }) => withoutValue(message, at)));
  }
}

function withoutValue(message: string, at: UserError['problems'][number]['at']) {
  const [where = ''] = message.split(' cannot be written: ');
  return {
    ...(at ? { at } : {}),
    message: `${where} cannot be written: the secret holds something that has no place there`,
    hint: 'Set another one with `hostwright secrets set`: letters and digits always do.',
  };
}

/** The same data with a text in the place of every secret. */
export function replaceSecrets<Value>(value: Value, text: (secret: Secret) => string): Value;
export function replaceSecrets(value: unknown, text: (secret: Secret) => string): unknown {
  if (value instanceof Secret) return text(value);
  if (Array.isArray(value)) return value.map((item: unknown) => replaceSecrets(item, text));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceSecrets(item, text)]));
}

/** Letters and digits: a plain word in every format. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
