import { Secret } from '../../src/secrets/secret.ts';
import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { user: 'hwpassword', secret: new Secret('a new password') },
  before: "useradd hwpassword; echo 'hwpassword:the old one' | chpasswd",
  looks: 'getent shadow hwpassword',
  original: 'hwpassword:$',
};
