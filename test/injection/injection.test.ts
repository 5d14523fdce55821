import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnedResource } from '../../src/compose/collect.ts';
import { HostError, UserError } from '../../src/errors.ts';
import { bareMachine, composeRole, folderOf, type Subject, subjects } from './composed.ts';
import { hostileText, payloads } from './hostile.ts';
import { type TextInput, textInputs } from './inputs-of.ts';
import { Sandbox } from './sandbox.ts';
import { expectSilence } from './silence.ts';
import { skeleton } from './skeleton.ts';

/** `INJECTION_SEED=7 INJECTION_EACH=5000 npx vitest run --project unit test/injection` tries others, and more. */
const SEED = Number(process.env.INJECTION_SEED ?? 1);
/** Random texts for each place that takes text, beside the fixed ones. */
const EACH = Number(process.env.INJECTION_EACH ?? 24);

const facts = bareMachine();
let all: readonly Subject[];
let sandbox: Sandbox;

beforeAll(async () => {
  all = await subjects();
  sandbox = new Sandbox();
});
afterAll(() => sandbox.remove());

/** What came of one text in one place. */
type Fate =
  | { readonly refused: true }
  | { readonly refused: false; readonly resources: readonly OwnedResource[] };

/** Refused with its place, or composed; anything else is thrown. */
function fateOf(subject: Subject, { label, build }: TextInput, text: string, n: number): Fate {
  const parsed = subject.recipe.inputs.safeParse(build(text, n));
  if (!parsed.success) {
    const [key = ''] = label.split(/[.[{]/);
    for (const { path, message } of parsed.error.issues) {
      expect(path[0], `a refusal of ${label} names another place: ${message}`).toBe(key);
      expect(message, 'a message is one printable line').toMatch(/^[^\u0000-\u001f\u007f-\u009f]+$/u);
    }
    return { refused: true };
  }
  try {
    return { refused: false, resources: composeRole(subject, parsed.data, facts).resources };
  } catch (error) {
    if (error instanceof HostError) return { refused: true };
    if (!(error instanceof UserError)) throw error;
    expect(
      error.problems.every(({ at }) => at !== undefined),
      error.message,
    ).toBe(true);
    return { refused: true };
  }
}

/** Whether the recipe has nothing against these inputs on this machine. */
function composes(subject: Subject, inputs: Readonly<Record<string, unknown>>): boolean {
  try {
    composeRole(subject, inputs, facts);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** Files that a template wrote: hostile text changes values in them, and nothing else. */
function expectSameShape(harmless: readonly OwnedResource[], hostile: readonly OwnedResource[]): void {
  const written = (resources: readonly OwnedResource[]): Map<string, string> =>
    new Map(
      resources.flatMap(({ resource }) => {
        const { path, content } = resource.spec as { path?: unknown; content?: unknown };
        return typeof path === 'string' && typeof content === 'string' ? [[path, content] as const] : [];
      }),
    );
  const usual = written(harmless);
  for (const [path, content] of written(hostile)) {
    const model = usual.get(path);
    if (model !== undefined) expect(skeleton(path, content), path).toEqual(skeleton(path, model));
  }
}

/** Distinct texts for one place: each of the fixed ones, bare and behind what the place would take, then random ones. */
function textsFor(index: number): readonly string[] {
  const fixed = payloads(sandbox.canary);
  const own = `case${index}`;
  const random = fc.sample(hostileText(sandbox.canary, own), { seed: SEED + index, numRuns: EACH });
  return [
    ...new Set([
      ...fixed,
      ...fixed.map((text) => `${own}${text}`),
      ...fixed.map((text) => `/srv/${own}/${text}`),
      ...random,
    ]),
  ];
}

describe('hostile text', () => {
  it('would be noticed if it were run', () => {
    sandbox.run(`hw_do_0_change() {\n$(: >${sandbox.canary})\n}\nhw_entry "$@"\n`);
    expect(sandbox.sang()).toBe(true);
    expect(sandbox.unreadable("echo 'open")).toBeDefined();
    expect(skeleton('/etc/nginx/a.conf', 'a "x"; b y;')).not.toEqual(
      skeleton('/etc/nginx/a.conf', 'a "x; b y";'),
    );
  });

  it('is refused with its place or written as data, in every input of every recipe', () => {
    let tried = 0;
    let accepted = 0;
    let places = 0;
    // Where a certificate comes from is said in the same words in several recipes: all texts once, a sample of them elsewhere.
    const shared = new Set<string>();
    for (const subject of all) {
      for (const input of textInputs(subject.recipe.inputs, (inputs) => composes(subject, inputs))) {
        places += 1;
        const usersOwn = subject.name === 'extras' && input.label.startsWith('files');
        const usual = fateOf(subject, input, input.usual, 1);
        if (usual.refused) throw new Error(`${subject.name} refuses ${input.label}: ${input.usual}`);
        const written: OwnedResource[] = [];
        const again = input.label.startsWith('tls.') && shared.has(input.label);
        shared.add(input.label);
        const texts = textsFor(places).filter((_, at) => !again || (at + places) % 8 === 0);
        for (const text of texts) {
          tried += 1;
          // Where the user says which files there are, each has another name, so that many fit into one script.
          const fate = fateOf(subject, input, text, subject.name === 'extras' ? tried : 1);
          if (fate.refused) continue;
          accepted += 1;
          written.push(...fate.resources);
          if (!usersOwn) expectSameShape(usual.resources, fate.resources);
        }
        expectSilence(sandbox, written);
      }
    }
    process.stdout.write(
      `Injection, seed ${SEED}: ${tried} hostile texts in ${places} places, ${accepted} written as data, the others refused.\n`,
    );
    expect(places).toBeGreaterThan(30);
    expect(tried).toBeGreaterThan(10_000);
    expect(accepted).toBeGreaterThan(1_000);
  }, 1_500_000);

  it('runs nothing as the name of a file in a folder', () => {
    const names = payloads(sandbox.canary)
      .flatMap((text) => [text, `page${text}.html`])
      .map((text) => text.replaceAll(/[/\0]/g, '-').slice(0, 200))
      .filter((text) => text !== '' && text !== '.' && text !== '..' && !/\p{Surrogate}/u.test(text));
    for (const subject of all) {
      const parsed = subject.recipe.inputs.safeParse({});
      if (!parsed.success) continue;
      const folder = folderOf('index.html', ...names, ...names.map((name) => `sub/${name}`));
      expectSilence(sandbox, composeRole(subject, parsed.data, facts, folder).resources);
    }
  }, 600_000);
});
