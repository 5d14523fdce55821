/**
 * /etc/hosts with the name of the machine changed and nothing else: on the line of 127.0.1.1 (Debian's convention) the
 * old name and its full form become the new ones, aliases and comments stay. Where no line knows the new name after
 * that, one is put after localhost's. Pure.
 */
export function renamedHosts(
  text: string,
  { from, to }: { readonly from: string; readonly to: string },
): string {
  const ending = text === '' || text.endsWith('\n') ? '' : '\n';
  const lines = (text + ending).split('\n').slice(0, -1);
  const renamed = lines.map((line) => (addressOf(line) === OWN ? renameIn(line, from, to) : line));
  if (renamed.some((line) => namesOf(line).some((name) => labelOf(name) === to.toLowerCase())))
    return renamed.join('\n') + (lines.length > 0 ? '\n' : '');
  const localhost = renamed.findIndex((line) => addressOf(line) === '127.0.0.1');
  return [...renamed.slice(0, localhost + 1), `${OWN}\t${to}`, ...renamed.slice(localhost + 1), ''].join(
    '\n',
  );
}

/** The address under which Debian lists the machine's own name (Debian Reference §5.1.1). */
const OWN = '127.0.1.1';

function addressOf(line: string): string | undefined {
  return /^\s*([^\s#]+)/.exec(line)?.[1];
}

function namesOf(line: string): readonly string[] {
  return (line.split('#')[0] ?? '').trim().split(/\s+/).slice(1);
}

const labelOf = (name: string): string => (name.split('.')[0] ?? '').toLowerCase();

function renameIn(line: string, from: string, to: string): string {
  const at = line.indexOf('#');
  const [names, comment] = at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at)];
  const renamed = names.replaceAll(/\S+/g, (word, place: number) => {
    // The first word is the address.
    if (names.slice(0, place).trim() === '' || labelOf(word) !== from.toLowerCase()) return word;
    return to + word.slice(labelOf(word).length);
  });
  return renamed + comment;
}
