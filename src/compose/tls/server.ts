import { z } from 'zod';
import { show } from '../complaint.ts';

/** `letsencrypt`, or the URL of another authority's directory (RFC 8555 section 7.1.1). ACME goes over https only (6.1). */
export function acmeServer() {
  return z
    .string({ error: 'letsencrypt, or an address such as https://ca.home.arpa/acme/directory, is expected' })
    .check(({ value, issues }) => {
      if (value === 'letsencrypt' || isDirectory(value)) return;
      const message = `${show(value)} is neither letsencrypt nor an address such as https://ca.home.arpa/acme/directory`;
      issues.push({ code: 'custom', input: value, message });
    });
}

function isDirectory(text: string): boolean {
  if (!/^https:\/\/[!-~]{1,500}$/.test(text) || /["'\\<>{}|^`]/.test(text)) return false;
  try {
    const { username, password, hash, hostname } = new URL(text);
    return hostname !== '' && username === '' && password === '' && hash === '';
  } catch {
    return false;
  }
}
