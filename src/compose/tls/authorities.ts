import type { Authority } from '../recipe.ts';

/** Authorities that a host file may call by name. */
export const AUTHORITIES: Readonly<Record<string, Authority>> = {
  letsencrypt: {
    directory: 'https://acme-v02.api.letsencrypt.org/directory',
    staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
  },
};
