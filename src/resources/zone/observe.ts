import { STATE_DIRECTORY } from '../../connect/program.ts';
import { HostError } from '../../errors.ts';
import { type Shell, sh } from '../../quote.ts';
import { type FileState, hash } from '../file/observe.ts';
import { WRITTEN } from '../file/written.ts';
import { withoutSerial } from './serial.ts';

interface Wanted {
  readonly path: string;
}

const ABSENT: FileState = {
  type: 'absent',
  description: 'nothing',
  mode: '',
  owner: '',
  group: '',
  sha256: '',
};

/** Zones are small: each is fetched as it is, with what was written last as the base for merging. */
export function observeZones(specs: readonly Wanted[]): Shell {
  return sh`for hw_path in ${specs.map(({ path }) => path)}; do
  if [ ! -e "$hw_path" ] && [ ! -L "$hw_path" ]; then continue; fi
  hw_stat=$(stat --printf '%F\t%a\t%U\t%G' -- "$hw_path"); hw_content=; hw_base=
  if [ -f "$hw_path" ] && [ ! -L "$hw_path" ]; then
    hw_content=$(base64 -w0 <"$hw_path")
    hw_last=$(id="zone:$hw_path" awk -F'\t' '$1 == ENVIRON["id"] { last = $2 } END { print last }' ${`${STATE_DIRECTORY}/remembered`} 2>/dev/null)
    hw_last=\${hw_last%% *}
    [ -z "$hw_last" ] || [ ! -f ${WRITTEN}/"$hw_last" ] || hw_base=$(base64 -w0 <${WRITTEN}/"$hw_last")
  fi
  printf 'zone\t%s\t%s\t%s\t%s\n' "$hw_stat" "$hw_content" "$hw_base" "$hw_path"
done`;
}

/** @throws {HostError} on output that is not understood. */
export function parseZones(output: Buffer, specs: readonly Wanted[]): readonly FileState[] {
  const states = new Map<string, FileState>();
  for (const line of output.toString().split('\n')) {
    if (line === '') continue;
    const [label, description = '', mode = '', owner = '', group = '', content = '', base = '', path] =
      line.split('\t');
    if (label !== 'zone' || path === undefined)
      throw new HostError(`The host's answer about zones was not understood: ${line.slice(0, 200)}`);
    const isFile = description.startsWith('regular');
    const bytes = withoutSerial(Buffer.from(content, 'base64'));
    states.set(path, {
      type: isFile ? 'file' : 'other',
      description,
      mode: mode.padStart(4, '0'),
      owner,
      group,
      sha256: isFile ? hash(bytes) : '',
      ...(isFile ? { content: bytes } : {}),
      ...(base === '' ? {} : { base: Buffer.from(base, 'base64') }),
    });
  }
  return specs.map(({ path }) => states.get(path) ?? ABSENT);
}
