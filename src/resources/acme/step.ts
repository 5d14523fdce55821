import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { asAgent } from '../../agent/as-agent.ts';
import { AGENT, DECLARATIONS, STATE } from '../../agent/places.ts';
import { sh } from '../../quote.ts';
import { Secret } from '../../secrets/secret.ts';
import type { AcmeSpec } from '../acme.ts';
import type { Blob, Step } from '../kind.ts';
import type { AcmeState } from './observe.ts';

/** Seconds that a run waits for an authority; after that the agent goes on by itself. */
const PATIENCE = 90;

/** Hex SHA-256 of a declaration. */
export function digestOf(declaration: string | Secret): string {
  return createHash('sha256').update(textOf(declaration)).digest('hex');
}

/** Writes the declaration, has the agent order, and waits until root's script has put the certificate into place. */
export function acmeStep({ name, declaration }: AcmeSpec, { sha256 }: AcmeState): Step {
  const path = `${DECLARATIONS.certificates}/${name}.json`;
  const blob = blobOf(name, declaration);
  const file = sh`"$HW_BLOBS"/${blob.name ?? blob.sha256}`;
  const waiting = `${AGENT.ready}/${name}/fullchain.pem`;
  return {
    converged: sh`hw_is_file ${path} "$(sha256sum <${file} | cut -c1-64)" 640 root ${AGENT.user}`,
    unmoved:
      sha256 === '' ? sh`[ ! -e ${path} ] && [ ! -L ${path} ]` : sh`[ -f ${path} ] && [ ! -L ${path} ]`,
    record: sh`hw_keep ${path}`,
    // One that works has read the declarations already, and is not started a second time meanwhile (systemctl(1)): its end is
    // waited for. What proves the names is served once services have read their configuration; they would be told at the run's end.
    change: sh`(set +e; hw_deliver "$HW_STATE"/pending/*:*)
hw_put ${file} ${path} 0640 root ${AGENT.user} || exit 1
hw_tries=0
while [ "$(systemctl show --value -p ActiveState hostwright-agent-certificates.service)" = activating ] && [ "$hw_tries" -lt ${PATIENCE * 5} ]; do
  sleep 0.2; hw_tries=$((hw_tries + 1))
done
systemctl start --no-block hostwright-agent-certificates.service || exit 1
hw_line=$(timeout ${PATIENCE + 10} ${asAgent(['wait', 'certificate', name, `${PATIENCE}`])} 2>&1 </dev/null | tail -n 1)
hw_say "\${hw_line:-The agent gave no answer.}"
hw_tries=0
while [ -e ${waiting} ] && [ "$hw_tries" -lt 60 ]; do sleep 0.5; hw_tries=$((hw_tries + 1)); done
[ ! -e ${waiting} ] || hw_say ${`${name}: the certificate is there and was not put into place: journalctl -u hostwright-agent-install`}`,
    undo: sh`hw_restore ${path} || exit 1
[ -e ${path} ] || rm -f -- ${`${STATE.certificates}/${name}.json`}`,
    blobs: [blob],
    remember: 'declared',
  };
}

function textOf(declaration: string | Secret): string {
  return declaration instanceof Secret ? declaration.reveal() : declaration;
}

function blobOf(name: string, declaration: string | Secret): Blob {
  const bytes = Buffer.from(textOf(declaration));
  return {
    name: `acme-${name}`,
    sha256: digestOf(declaration),
    size: bytes.length,
    ...(declaration instanceof Secret ? { secret: declaration.planMark } : {}),
    open: () => Readable.from([bytes]),
  };
}
