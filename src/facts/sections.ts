/** Splits output that a script marked with lines `##name`; a part that is missing is empty. */
export function sections(output: string): (name: string) => string {
  const parts = new Map<string, string>();
  let name = '';
  for (const line of output.split('\n')) {
    if (/^##[A-Za-z0-9-]+$/.test(line)) name = line.slice(2);
    else parts.set(name, `${parts.get(name) ?? ''}${line}\n`);
  }
  return (wanted) => parts.get(wanted) ?? '';
}
