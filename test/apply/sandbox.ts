import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { library } from '../../src/apply/library.ts';
import { joinShell, type Shell, sh } from '../../src/quote.ts';
import type { Kind, Step } from '../../src/resources/kind.ts';

/** The account that the tests run as: what it makes belongs to it. */
export const ME = ['-un', '-gn'].map((option) => spawnSync('id', [option]).stdout.toString().trim());

/** A folder in which a host's shell runs for real: what it would do to the host's own folders it does to folders here. */
export class Sandbox {
  readonly path = mkdtempSync(join(tmpdir(), 'hostwright-sandbox-'));
  readonly bin = join(this.path, 'bin');

  constructor() {
    for (const name of ['bin', 'state', 'run', 'units', 'work']) mkdirSync(join(this.path, name));
  }

  /** Puts a program of this name first in the PATH of what is run. */
  program(name: string, script: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.bin, name), 0o755);
  }

  /** The text of a script with the host's folders moved here. */
  moved(script: string): string {
    return script
      .replaceAll('/var/lib/hostwright', join(this.path, 'state'))
      .replaceAll('/run/hostwright', join(this.path, 'run'))
      .replaceAll('/etc/systemd/system', join(this.path, 'units'))
      .replaceAll('PATH=/usr/local/sbin', `PATH=${this.bin}:/usr/local/sbin`);
  }

  sh(
    script: Shell,
    cwd = join(this.path, 'work'),
  ): { status: number | null; stdout: Buffer; stderr: string } {
    const { status, stdout, stderr } = spawnSync('dash', [], { input: this.moved(script.text), cwd });
    return { status, stdout, stderr: stderr.toString() };
  }

  /** Observes one resource and makes its step. */
  stepOf<Spec, State>(kind: Kind<Spec, State>, spec: Spec): { state: State; step: Step } {
    const { stdout } = this.sh(kind.observe([spec]));
    const state = kind.parse(stdout, [spec])[0] as State;
    return { state, step: kind.step(spec, state) };
  }

  /** Runs one part of a step as a run does; its blobs are there, and uploaded anew each time. */
  async part(step: Step, part: 'converged' | 'unmoved' | 'record' | 'change' | 'after' | 'undo') {
    const blobs = join(this.path, 'blobs');
    const before = join(this.path, 'before');
    for (const folder of [blobs, before]) mkdirSync(folder, { recursive: true });
    for (const blob of step.blobs ?? [])
      writeFileSync(join(blobs, blob.name ?? blob.sha256), await buffer(blob.open()));
    const script = joinShell([
      library,
      sh`hw_event() { :; }; hw_text() { :; }`,
      sh`umask 022; HW_RUN=${join(this.path, 'work')} HW_BLOBS=${blobs} HW_BEFORE=${before} P=`,
      sh`(set -e`,
      step[part] ?? sh`:`,
      sh`)`,
    ]);
    return this.sh(script);
  }

  /** Everything that a run does with a step that is not converged. */
  async apply(step: Step): Promise<void> {
    if ((await this.part(step, 'converged')).status === 0) throw new Error('it is as wanted already');
    for (const part of ['unmoved', 'record', 'change', 'converged'] as const) {
      const { status, stderr } = await this.part(step, part);
      if (status !== 0) throw new Error(`${part}: ${status} ${stderr}`);
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
