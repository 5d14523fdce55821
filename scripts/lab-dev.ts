import { labDown } from '../src/lab/down.ts';
import { labExec } from '../src/lab/exec.ts';
import { readLab } from '../src/lab/state.ts';
import { labUp } from '../src/lab/up.ts';

const [verb, name = 'default', ...rest] = process.argv.slice(2);
const t = performance.now();
const report = (text: string) =>
  process.stderr.write(`${((performance.now() - t) / 1000).toFixed(2)} ${text}\n`);
if (verb === 'up')
  console.log(
    JSON.stringify(
      await labUp({ name, release: rest[0] === 'trixie' ? 'trixie' : 'bookworm', report }),
      undefined,
      2,
    ),
  );
if (verb === 'down') await labDown({ name, report });
if (verb === 'status') console.log(JSON.stringify(await readLab(name), undefined, 2));
if (verb === 'exec')
  process.exitCode = await labExec({
    name,
    node: rest[0] ?? '',
    argv: rest.slice(1).filter((w, i) => i > 0 || w !== '--'),
  });
report('done');
