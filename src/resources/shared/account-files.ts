import { sh } from '../../quote.ts';

/** The copies of the account files that useradd(8) and its like leave behind: those before the last change. */
const BACKUPS = ['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].map((name) => `/etc/${name}-`);

/** Shell for `record`: keeps these copies as they are. */
export const keepBackups = sh`for hw_path in ${BACKUPS}; do
  [ ! -e "$hw_path" ] || cp -a -- "$hw_path" "$HW_BEFORE/" || exit 1
done`;

/** Shell for the end of `undo`: puts them back, so that nothing tells of an account that is gone. */
export const restoreBackups = sh`for hw_path in ${BACKUPS}; do
  if [ -e "$HW_BEFORE/\${hw_path##*/}" ]; then cp -a -- "$HW_BEFORE/\${hw_path##*/}" "$hw_path"; else rm -f -- "$hw_path"; fi || exit 1
done`;
