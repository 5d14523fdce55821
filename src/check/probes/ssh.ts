import { z } from 'zod';
import { connectStep } from '../connect-step.ts';
import { NoLine, readLine } from '../line-reader.ts';
import { defineProbe, type ProbeOutcome } from '../probe.ts';
import type { ReportStep } from '../report.ts';

/** Lines that a server may send before it names its version (RFC 4253, section 4.2). */
const MOST_LINES = 20;

/** ssh (RFC 4253) up to the version of the protocol: that an ssh server answers, and the protocol is 2.0. */
export const probe = defineProbe({
  settings: z.strictObject({}),
  async run(context) {
    const deadline = performance.now() + context.timeoutMs;
    const connected = await connectStep(context);
    if (!connected.stream) return connected.outcome;
    const { stream, step } = connected;
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        stream.destroy();
      },
      Math.max(1, deadline - performance.now()),
    );
    const failed = (cause: NonNullable<ProbeOutcome['cause']>, detail: string): ProbeOutcome => {
      const steps: readonly ReportStep[] = [step, { name: 'ssh', ok: false, detail }];
      return { ok: false, connected: true, steps, cause };
    };
    try {
      for (let lines = 0; lines < MOST_LINES; lines += 1) {
        const line = await readLine(stream);
        if (!line.startsWith('SSH-')) continue;
        // 1.99: 2.0, and older ones beside it.
        const version = /^SSH-(2\.0|1\.99)-/.exec(line)?.[1];
        if (version === undefined) return failed('not-ssh', 'an ssh server of another protocol');
        return { ok: true, connected: true, steps: [step, { name: 'ssh', ok: true, detail: 'SSH-2.0' }] };
      }
      return failed('not-ssh', 'what answers does not speak ssh');
    } catch (error) {
      if (late) return failed('no-answer', 'no complete answer in time');
      if (error instanceof NoLine) return failed('not-ssh', 'what answers does not speak ssh');
      return failed('closed-early', 'the connection was closed before a complete answer');
    } finally {
      clearTimeout(timer);
      stream.destroy();
    }
  },
});
