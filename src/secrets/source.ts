import { makeValue, type SecretWish } from './make.ts';
import { Secret } from './secret.ts';

/** Which secret of a host. */
export interface SecretName {
  readonly role: string;
  /** What the role's recipe calls it. */
  readonly name: string;
}

/** Where compose gets the secrets that recipes ask for. */
export type SecretSource = (name: SecretName, wish: SecretWish) => Secret;

/** `role/name`, as people see it and as the vault keeps it below the host's name. */
export function secretKey({ role, name }: SecretName): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name))
    throw new Error(`A recipe asks for a secret named ‘${name}’: a name has letters, digits, _, . and -`);
  return `${role}/${name}`;
}

/** Makes each secret when it is asked for, and keeps none: for looking at what is declared. Each has its name as mark. */
export const unsavedSecrets: SecretSource = (name, wish) =>
  new Secret(makeValue(wish), `unsaved ${secretKey(name)}`);
