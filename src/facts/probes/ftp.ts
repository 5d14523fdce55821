import { sh } from '../../quote.ts';
import { OUR_PROFTPD } from '../ftp/drop-in.ts';
import { defineFact } from '../probe.ts';

/** An FTP server that is on the host. */
export interface Ftp {
  /** ProFTPD is installed. */
  readonly installed: boolean;
  /** hostwright has set it up. */
  readonly ours: boolean;
}

export const fact = defineFact<Ftp>({
  onRequest: true,
  script: sh`if [ -x /usr/sbin/proftpd ]; then echo installed; fi
if [ -e ${OUR_PROFTPD} ]; then echo ours; fi
true`,
  parse: (output) => {
    const words = output.split('\n');
    return { installed: words.includes('installed'), ours: words.includes('ours') };
  },
});
