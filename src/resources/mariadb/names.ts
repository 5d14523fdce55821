import { z } from 'zod';

/** A database: what is a plain file name too, so that dumps and restores need no other names. At most 64 (MariaDB). */
export function databaseName() {
  return z
    .string()
    .regex(
      /^[a-z][a-z0-9_]{0,47}$/,
      'the name of a database starts with a small letter; small letters, digits and _ follow; at most 48',
    )
    .refine(
      (name) => !RESERVED.includes(name),
      'that database is MariaDB’s own, or what its installer once made for trying things out',
    );
}

const RESERVED = ['mysql', 'sys', 'information_schema', 'performance_schema', 'test'];

/** An account of MariaDB, as people type it. */
export function databaseUser() {
  return z
    .string()
    .regex(
      /^[a-z][a-z0-9_-]{0,31}$/,
      'the name of an account starts with a small letter; small letters, digits, _ and - follow; at most 32',
    )
    .refine(
      (name) => !['root', 'mysql'].includes(name),
      'that account is MariaDB’s own: its administrator, or the server itself',
    );
}

/** `utf8mb4`, `utf8mb4_unicode_ci`. */
export function charsetWord() {
  return z
    .string()
    .regex(/^[a-z][a-z0-9_]{1,63}$/, 'a character set or collation has small letters, digits and _');
}

/** Where an account may connect from: `localhost`, an address, a network with its mask, a pattern for IPv6. */
export function accountHost() {
  return z
    .string()
    .regex(
      /^(?:localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:\/[0-9]{1,3}(?:\.[0-9]{1,3}){3})?|[0-9a-f:]*:[0-9a-f:]*%?)$/,
      'an account comes from localhost, an IPv4 address or network/mask, an IPv6 address or the beginning of one with %',
    );
}
