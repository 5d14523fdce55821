import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { hostLabel } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { textDiff } from '../plan/text-diff.ts';
import { type Shell, sh } from '../quote.ts';
import { renamedHosts } from './hostname/hosts.ts';
import { defineKind } from './kind.ts';
import { slot } from './shared/slot.ts';

const schema = z.strictObject({ name: hostLabel() });

const NAME = '/etc/hostname';
const HOSTS = '/etc/hosts';

/** The machine's name as it was found. */
interface HostnameState {
  /** As the kernel has it now. */
  readonly running: string;
  /** What /etc/hostname says for the next boot; empty when there is no such file. */
  readonly kept: string;
  readonly hosts: FoundFile;
  readonly file: FoundFile;
}

interface FoundFile {
  /** stat(1)'s word: `regular file`, `symbolic link`; empty when there is nothing. */
  readonly type: string;
  readonly mode: string;
  readonly content: Buffer;
}

/** The machine's name: now, at the next boot, and in /etc/hosts. */
export const kind = defineKind({
  name: 'hostname',
  describe: "The machine's name: the running one, /etc/hostname, and its line in /etc/hosts.",
  schema,
  key: () => 'static',

  observe: () => sh`printf 'running\t%s\n' "$(cat /proc/sys/kernel/hostname)"
for hw_file in ${NAME} ${HOSTS}; do
  [ -e "$hw_file" ] || [ -L "$hw_file" ] || continue
  printf '%s\t%s\t%s\n' "$hw_file" "$(stat --printf '%a\t%F' -- "$hw_file")" "$(base64 -w0 2>/dev/null <"$hw_file")"
done`,

  parse(output, specs) {
    const lines = output.toString().split('\n');
    const running = /^running\t(.*)$/m.exec(output.toString())?.[1];
    if (running === undefined) {
      throw new HostError("The host's answer about its name was not understood", {
        output: output.toString(),
      });
    }
    const find = (path: string): FoundFile => {
      const [, mode = '', type = '', content = ''] =
        lines.find((line) => line.startsWith(`${path}\t`))?.split('\t') ?? [];
      return { type, mode, content: Buffer.from(content, 'base64') };
    };
    const file = find(NAME);
    const kept = file.content
      .toString()
      .split('\n')
      .map((line) => line.trim())
      // hostname(5): comments and blank lines count for nothing.
      .find((line) => line !== '' && !line.startsWith('#'));
    return specs.map(() => ({ running, kept: kept ?? '', file, hosts: find(HOSTS) }));
  },

  diff({ name }, state, { remembered }) {
    const hosts = newHosts(name, state);
    const knows = hosts.equals(state.hosts.content);
    if (state.running === name && state.kept === name && knows) return undefined;
    const link = [state.file, state.hosts].find(({ type }) => type !== '' && !type.startsWith('regular'));
    if (link) {
      const path = link === state.file ? NAME : HOSTS;
      throw new HostError(`${path} is a ${link.type}: hostwright does not write names there.`, {
        hint: 'Something else manages it. Leave out hostname in the host file, or put a plain file in its place.',
      });
    }
    const was = state.running === name ? '' : ` (was ${state.running || 'none'})`;
    return {
      action: 'update',
      summary: `name the machine ${name}${was}${knows ? '' : `, also in ${HOSTS}`}`,
      ...(knows ? {} : { diff: textDiff(state.hosts.content, hosts) }),
      ...(remembered === undefined ? { touchesForeign: true } : {}),
    };
  },

  step({ name }, state) {
    const hosts = newHosts(name, state);
    const text = Buffer.from(`${name}\n`);
    const running = slot('hostname', 'running');
    const hostsChange = hosts.equals(state.hosts.content);
    return {
      converged: sh`[ "$(cat /proc/sys/kernel/hostname)" = ${name} ] && [ "$(grep -v '^[[:blank:]]*\(#\|$\)' ${NAME} | head -n 1)" = ${name} ] &&
  [ "$(sha256sum <${HOSTS} | cut -c1-64)" = ${hash(hosts)} ]`,
      unmoved: sh`${isStill(HOSTS, state.hosts)} && ${isStill(NAME, state.file)}`,
      record: sh`hw_keep ${NAME} && hw_keep ${HOSTS} && cat /proc/sys/kernel/hostname >${running}`,
      // /etc/hosts first: sudo looks the running name up.
      change: sh`${hostsChange ? sh`` : put(HOSTS, hosts, state.hosts.mode)}
${state.kept === name ? sh`` : put(NAME, text, state.file.mode)}
hostname -- ${name}
${tellOthers}`,
      undo: sh`hw_restore ${HOSTS} && hw_restore ${NAME} || exit 1
if [ -s ${running} ]; then hostname -- "$(cat ${running})" || exit 1; fi
${tellOthers}`,
      blobs: [hosts, text].map((bytes) => ({
        sha256: hash(bytes),
        size: bytes.length,
        open: () => Readable.from([bytes]),
      })),
      remember: name,
    };
  },
});

/** Who announces the name on the LAN (mDNS) has read it at its start. */
const tellOthers = sh`systemctl --quiet try-restart avahi-daemon.service 2>/dev/null || :`;

function newHosts(name: string, { running, kept, hosts }: HostnameState): Buffer {
  const text = hosts.content.toString('latin1');
  return Buffer.from(
    renamedHosts(renamedHosts(text, { from: running, to: name }), { from: kept || name, to: name }),
    'latin1',
  );
}

function isStill(path: string, { type, content }: FoundFile): Shell {
  if (type === '') return sh`[ ! -e ${path} ]`;
  return sh`[ -f ${path} ] && [ "$(sha256sum <${path} | cut -c1-64)" = ${hash(content)} ]`;
}

function put(path: string, content: Buffer, mode: string): Shell {
  return sh`hw_put "$HW_BLOBS"/${hash(content)} ${path} ${mode === '' ? '0644' : mode} root root || exit 1`;
}

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
