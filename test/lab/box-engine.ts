import { library } from '../../src/apply/library.ts';
import { runScript } from '../../src/apply/script.ts';
import { RUNTIME_DIRECTORY, STATE_DIRECTORY } from '../../src/connect/program.ts';
import { labCapture } from '../../src/lab/exec.ts';
import type { RunResult } from '../../src/lab/run.ts';
import { kindOf } from '../../src/observe/observe.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { joinShell, type Shell, sh } from '../../src/quote.ts';
import type { Resource, Step } from '../../src/resources/kind.ts';

/** How one step of a run went, as its events say. */
export interface StepResult {
  readonly status: 'changed' | 'unchanged' | 'failed';
  /** What the step printed, and why it failed. */
  readonly output: string;
}

/** The box of a lab with the engine's own scripts, without a connection in between. */
export class Box {
  readonly #name: string;
  #runs = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Runs a script as root. */
  sh(script: Shell | string): Promise<RunResult> {
    return labCapture({ name: this.#name, node: 'box', argv: ['dash', '-s'] }, { input: String(script) });
  }

  /** Runs a script that must succeed; gives what it printed. */
  async must(script: Shell | string): Promise<string> {
    const { code, stdout, stderr } = await this.sh(script);
    if (code !== 0)
      throw new Error(`exit ${code}: ${stderr}\n${stdout}\nof\n${String(script).slice(0, 2000)}`);
    return stdout;
  }

  /** The states of resources, one observing script a kind, by id. */
  async observe(resources: readonly Resource[]): Promise<ReadonlyMap<string, unknown>> {
    const states = new Map<string, unknown>();
    for (const name of new Set(resources.map((resource) => resource.kind))) {
      const kind = kindOf(name);
      const same = resources.filter((resource) => resource.kind === name);
      const specs = same.map(({ spec }) => spec);
      const output = await this.must(sh`set -u
( ${kind.observe(specs)}
) </dev/null`);
      kind.parse(Buffer.from(output), specs).forEach((state, index) => {
        states.set(same[index]?.id ?? '', state);
      });
    }
    return states;
  }

  /** What would change. */
  async plan(resources: readonly Resource[], adopt: readonly string[] = []): Promise<Plan> {
    const remembered = await this.sh(sh`cat -- ${`${STATE_DIRECTORY}/remembered`}`);
    return makePlan(
      'box',
      {
        resources: resources.map((resource) => ({ role: 'test', resource })),
        endpoints: [],
        notes: [],
      },
      {
        states: await this.observe(resources),
        remembered: new Map(
          remembered.stdout
            .split('\n')
            .map((line) => line.split('\t'))
            .map(([id = '', value = '']) => [id, value] as const),
        ),
        underway: new Set(),
        pending: [],
      },
      { adopt, onConflict: 'stop' },
    );
  }

  /** Runs a plan's script to its end; one result a step. */
  async apply(plan: Plan): Promise<{ readonly run: string; readonly steps: readonly StepResult[] }> {
    this.#runs += 1;
    const id = `test-${process.pid}-${this.#runs}`;
    const { script, blobs } = runScript(plan, { id, owner: 'a test' });
    const run = `${STATE_DIRECTORY}/runs/${id}`;
    await this.must(
      sh`rm -rf -- ${run}; mkdir -p -m 700 -- ${`${run}/blobs`} ${`${run}/before`}; : >${`${run}/events`}`,
    );
    for (const blob of blobs) {
      const chunks: Buffer[] = [];
      for await (const chunk of blob.open()) chunks.push(chunk as Buffer);
      const target = `${run}/blobs/${blob.name ?? blob.sha256}`;
      await this.must(sh`printf '%s' ${Buffer.concat(chunks).toString('base64')} | base64 -d >${target}`);
    }
    await this.#put(`${run}/script`, script.text);
    await this.sh(sh`/bin/sh ${`${run}/script`} run </dev/null >${`${run}/output`} 2>&1`);
    const events = await this.must(sh`cat -- ${`${run}/events`}`);
    return { run, steps: events.split('\n').flatMap(stepResult) };
  }

  /** Runs the undoing of one change of a run from what that run recorded, as `position` in the plan's order. */
  async undo(plan: Plan, run: string): Promise<void> {
    const undoings = plan.steps.flatMap(({ changes, batch }, index) => {
      const steps: readonly Step[] = batch ? [batch] : changes.map(({ step }) => step);
      return steps.map((step, position) => ({ step, folder: `${run}/before/${index}/${position}` }));
    });
    for (const { step, folder } of undoings.reverse()) {
      if (!step.undo) continue;
      await this.must(
        joinShell([
          library,
          // Nobody listens to what a run would tell; what was changed since goes where a rollback would put it.
          sh`hw_event() { :; }
hw_text() { :; }
set -e; P=; HW_KEPT=/var/backups/hostwright/test; HW_BEFORE=${folder}; cd /; umask 022`,
          sh`( ${step.undo}
)`,
        ]),
      );
    }
  }

  /** Runs the change of every step alone, whether it is needed or not. */
  async changeAgain(plan: Plan, run: string): Promise<void> {
    for (const { changes } of plan.steps) {
      for (const { step } of changes) {
        const blobs = await this.must(sh`mktemp -d`);
        for (const blob of step.blobs ?? []) {
          const chunks: Buffer[] = [];
          for await (const chunk of blob.open()) chunks.push(chunk as Buffer);
          await this.#put(`${blobs.trim()}/${blob.name ?? blob.sha256}`, Buffer.concat(chunks).toString());
        }
        const before = `${run}/again`;
        await this.must(
          joinShell([
            library,
            sh`set -e; P=; HW_BLOBS=${blobs.trim()}; HW_BEFORE=${before}; mkdir -p -- ${before}; cd /; umask 022`,
            sh`( ${step.change}
) </dev/null`,
          ]),
        );
      }
    }
  }

  /** Removes what runs of tests have left, so that nothing counts as ours any more. */
  forget(): Promise<string> {
    return this.must(sh`rm -rf -- ${STATE_DIRECTORY} ${RUNTIME_DIRECTORY}`);
  }

  async #put(path: string, text: string): Promise<void> {
    const { code, stderr } = await labCapture(
      { name: this.#name, node: 'box', argv: ['dd', `of=${path}`, 'status=none'] },
      { input: text },
    );
    if (code !== 0) throw new Error(stderr);
  }
}

function stepResult(line: string): readonly StepResult[] {
  const [event, , status, , reason = '', output = ''] = line.split('\t');
  if (event !== 'step-ended') return [];
  const said = [output, reason].map((text) => Buffer.from(text, 'base64').toString()).join('\n');
  return [{ status: status as StepResult['status'], output: said }];
}
