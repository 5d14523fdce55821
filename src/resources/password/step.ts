import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Shell, sh } from '../../quote.ts';
import { verifier } from '../../secrets/crypt.ts';
import type { Blob, Step } from '../kind.ts';
import type { PasswordSpec, PasswordState } from '../password.ts';
import { dropStaleLocks, keepBackups, restoreBackups } from '../shared/account-files.ts';
import { slot } from '../shared/slot.ts';

/** What runs on the host to set a password. No part of a script holds one, nor a verifier: that is in a blob. */
export function passwordStep({ user, secret }: PasswordSpec, hash: PasswordState): Step {
  const before = slot('password', user);
  const blob = `password-${user}`;
  const own = `^${user}:`;
  return {
    // [ is part of the shell: nothing of this is an argument of a program.
    converged: sh`[ -s "$HW_BLOBS"/${blob} ] && [ "$(grep -e ${own} /etc/shadow | cut -d: -f1,2)" = "$(cat -- "$HW_BLOBS"/${blob})" ]`,
    unmoved:
      hash === undefined
        ? // The account may have been made by the step before this one: then it has no password yet.
          sh`case $(${hashOf(user)}) in '' | [!*]*) ;; *) false ;; esac`
        : sh`[ "$(${hashOf(user)} | sha256sum | cut -c1-64)" = ${sha256(`${hash}\n`)} ]`,
    record: sh`(umask 077; grep -e ${own} /etc/shadow >${before} || :)
${keepBackups}`,
    change: sh`grep -q -e ${own} /etc/shadow || hw_fail ${`There is no account ${user} on this host that could have a password`}
chpasswd -e <"$HW_BLOBS"/${blob}`,
    after: sh`${dropStaleLocks}
(umask 077; ${hashOf(user)} | sha256sum >${before}.left)`,
    undo: sh`${staysIfChanged(user, before)}
${restore(user, before)}
${restoreBackups}`,
    blobs: [verifierBlob(blob, { user, secret })],
    remember: 'set',
  };
}

function verifierBlob(name: string, { user, secret }: PasswordSpec): Blob {
  const hash = verifier(secret.reveal(), secret.salt(`password of ${user}`, 16));
  const bytes = Buffer.from(`${user}:${hash}\n`);
  return {
    name,
    sha256: sha256(bytes),
    size: bytes.length,
    secret: secret.planMark,
    open: () => Readable.from([bytes]),
  };
}

function hashOf(user: string): Shell {
  return sh`sed -n ${`s/^${user}:\\([^:]*\\):.*/\\1/p`} /etc/shadow`;
}

/** Whoever has set another password since knows that one, and perhaps no other. */
function staysIfChanged(user: string, before: Shell): Shell {
  return sh`if [ -s ${before}.left ]; then
  hw_sum=$(${hashOf(user)} | sha256sum)
  if [ "$hw_sum" != "$(cat -- ${before}.left)" ] && [ "$hw_sum" != "$(cut -d: -f2 <${before} | sha256sum)" ]; then
    hw_stays ${`the password of ${user}`} 'since it was changed'; exit 0
  fi
fi`;
}

/**
 * Puts the line of shadow(5) back as it was, byte for byte: chpasswd(8) would set the date of today, and refuses what is
 * no verifier. The lock is the one of Debian's passwd package: a link to a file that holds the number of its process.
 */
function restore(user: string, before: Shell): Shell {
  return sh`if [ -s ${before} ] && grep -q -e ${`^${user}:`} /etc/shadow; then
  (
    hw_enter_new /etc shadow || exit 1
    printf '%s\0' "$$" >pid || exit 1
    hw_tries=0
    until ln -T -- pid ../shadow.lock 2>/dev/null; do
      hw_other=$(tr -d '\0' <../shadow.lock 2>/dev/null)
      if [ -n "$hw_other" ] && ! kill -0 "$hw_other" 2>/dev/null; then rm -f -- ../shadow.lock; fi
      hw_tries=$((hw_tries + 1))
      if [ "$hw_tries" -gt 100 ]; then
        rm -f -- pid; hw_leave_new
        hw_fail 'Another program is changing passwords on this host, and has not ended after 10 seconds'
      fi
      sleep 0.1
    done
    while IFS= read -r hw_line || [ -n "$hw_line" ]; do
      case $hw_line in ${`${user}:`}*) cat -- ${before} ;; *) printf '%s\n' "$hw_line" ;; esac
    done <../shadow >new && chown --reference=../shadow -- new && chmod --reference=../shadow -- new &&
      sync -- new && mv -fT -- new ../shadow
    hw_code=$?
    rm -f -- ../shadow.lock pid new
    hw_leave_new
    exit "$hw_code"
  )
fi`;
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
