import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editText } from '../../src/cli/edit-text.ts';
import type { HostRun } from '../../src/cli/host-run.ts';
import { type Means, settleConflicts } from '../../src/cli/settle-conflicts.ts';
import { UserError } from '../../src/errors.ts';
import { type Decisions, makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { hash } from '../../src/resources/file/observe.ts';
import { kind as file } from '../../src/resources/file.ts';
import { PLAIN } from '../../src/ui/paint.ts';
import { folderWith } from './hostwright.ts';

const [EDITED, FOREIGN] = ['/etc/edited.conf', '/etc/foreign.conf'];
const resources = [EDITED, FOREIGN].map((path) => ({
  role: 'own',
  resource: file.of({ path, content: 'a = ours\n' }),
}));

/** A host on which one file was edited in the place where it is to be changed, and the other was there before. */
function planWith(decisions: Decisions): Plan {
  const specs = resources.map(({ resource }) => file.schema.parse(resource.spec));
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const output = [EDITED, FOREIGN]
    .flatMap((path) => [
      `stat\tregular file\t644\troot\troot\t9\t${path}`,
      `sum\t${hash('a = theirs\n')}  ${path}`,
      `old\t${encoded('a = theirs\n')}\t${path}`,
    ])
    .concat(`base\t${encoded('a = base\n')}\t${EDITED}`);
  const states = file.parse(Buffer.from(output.join('\n')), specs);
  return makePlan(
    'attic',
    { resources, endpoints: [], notes: [] },
    {
      states: new Map(resources.map(({ resource }, index) => [resource.id, states[index]])),
      remembered: new Map([[`file:${EDITED}`, `${hash('a = base\n')} 0644 root root`]]),
      underway: new Set(),
      pending: [],
    },
    { onConflict: 'stop', ...decisions },
  );
}

/** Answers in the order in which they are given; the texts an editor leaves behind too. */
function talk(answers: readonly (string | boolean)[], texts: readonly string[] = []) {
  const said: string[] = [];
  const edited: string[] = [];
  const [left, typed] = [[...answers], [...texts]];
  const run = {
    context: { globals: { adopt: [] }, paint: PLAIN, columns: 80 },
    warn: async (text: string) => void said.push(text),
  } as unknown as HostRun;
  const means: Means = {
    prompts: {
      confirm: async () => left.shift() === true,
      select: async ({ choices }) => {
        const wanted = left.shift();
        const found = choices.find(({ value }) => value === wanted);
        if (!found) throw new Error(`${String(wanted)} is not offered`);
        return found.value;
      },
    },
    edit: async (text) => {
      edited.push(text);
      return typed.shift() ?? text;
    },
  };
  const session = { plan: async (decisions?: Decisions) => planWith(decisions ?? { adopt: [] }) };
  return { said, edited, settle: () => settleConflicts(run, session, planWith({ adopt: [] }), means) };
}

const contents = (plan: Plan, id: string) =>
  plan.steps.flatMap(({ changes }) => changes).find(({ change }) => change.id === id)?.step.blobs?.[0]
    ?.sha256;

describe('a conflict on a terminal', () => {
  it('is settled by answers about each, after their diffs', async () => {
    const { settle, said } = talk(['take', true]);
    const plan = await settle();
    expect(plan.changes.map(({ conflict }) => conflict)).toEqual([undefined, undefined]);
    expect(contents(plan, `file:${EDITED}`)).toBe(hash('a = ours\n'));
    expect(plan.foreignTouched).toEqual([`file:${FOREIGN}`]);
    expect(said.join()).toContain('<<<<<<< on the host');
    expect(said.join()).toContain('-a = theirs');
  });

  it('leaves a file that is kept as it is', async () => {
    const { settle } = talk(['keep', true]);
    expect((await settle()).changes).toMatchObject([{ settles: true }, { action: 'update' }]);
  });

  it('takes the text that the person makes of both, and no text with marks in it', async () => {
    const { settle, edited, said } = talk(
      ['edit', 'edit', true],
      ['half\n<<<<<<< on the host\n', 'a = both\n'],
    );
    const plan = await settle();
    expect(contents(plan, `file:${EDITED}`)).toBe(hash('a = both\n'));
    expect(edited[0]).toBe(
      '<<<<<<< on the host, edited by hand\na = theirs\n=======\na = ours\n>>>>>>> hostwright\n',
    );
    // What was typed so far is not lost.
    expect(edited[1]).toContain('half');
    expect(said.join()).toContain('still marks');
  });

  it.each([[['stop']], [['take', false]]])('stays when the person says %j', async (answers) => {
    const plan = await talk(answers).settle();
    expect(plan.changes.every(({ conflict }) => conflict)).toBe(true);
  });
});

describe('the editor', () => {
  it('is the person’s own, words and all, and sees a private file of the right name', async () => {
    const folder = await folderWith({});
    const script = join(folder, 'editor');
    const seen = join(folder, 'seen');
    writeFileSync(
      script,
      `#!/bin/sh\n[ "$1" = --wait ] || exit 9\nstat -c '%a %n' "$2" >'${seen}'\necho more >>"$2"\n`,
      { mode: 0o755 },
    );
    const text = await editText('one\n', "it's $HOME.conf", { EDITOR: `${script} --wait` });
    expect(text).toBe('one\nmore\n');
    const [mode, ...path] = readFileSync(seen, 'utf8').trim().split(' ');
    expect(mode).toBe('600');
    expect(path.join(' ')).toMatch(/\/it's \$HOME\.conf$/);
    expect(existsSync(path.join(' '))).toBe(false);
  });

  it('that fails changes nothing, and is named', async () => {
    await expect(editText('one\n', 'a.conf', { EDITOR: 'false' })).rejects.toThrow(UserError);
  });
});
