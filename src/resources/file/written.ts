import { STATE_DIRECTORY } from '../../connect/program.ts';
import { type Shell, sh } from '../../quote.ts';
import { LARGEST_MERGED } from './merge.ts';

/** Where the host keeps what hostwright wrote, by sha256: the base that hand edits are merged by. Root only. */
export const WRITTEN = `${STATE_DIRECTORY}/written`;

/** Shell that keeps a copy of the uploaded content `sha256`; it fails where there is no room for it. */
export function keepWritten(sha256: string, size: number): Shell {
  if (size > LARGEST_MERGED) return sh`:`;
  return sh`mkdir -p -m 700 -- ${WRITTEN}
[ -f ${`${WRITTEN}/${sha256}`} ] || hw_put "$HW_BLOBS"/${sha256} ${`${WRITTEN}/${sha256}`} 0600 "$(id -u)" "$(id -g)"`;
}

/** Shell that is true when that copy is there, or need not be. */
export function isWritten(sha256: string, size: number): Shell {
  return size > LARGEST_MERGED ? sh`:` : sh`[ -f ${`${WRITTEN}/${sha256}`} ]`;
}

/** Drops every copy that nothing remembered names any more. For use at the end of a run, under its lock. */
export const pruneWritten: Shell = sh`if [ -d ${WRITTEN} ] && [ -s ${`${STATE_DIRECTORY}/remembered`} ]; then
  for hw_copy in ${WRITTEN}/*; do
    [ -f "$hw_copy" ] || continue
    grep -qF -e "\${hw_copy##*/}" -- ${`${STATE_DIRECTORY}/remembered`} || rm -f -- "$hw_copy"
  done
fi`;
