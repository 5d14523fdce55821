import { describe, expect, it } from 'vitest';
import { follower } from '../../src/apply/follow.ts';
import type { RunEvent } from '../../src/events.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function follow(...lines: string[]) {
  const events: RunEvent[] = [];
  const confirmations: number[] = [];
  const following = follower(undefined, {
    listener: (event) => events.push(event),
    confirm: (seconds) => confirmations.push(seconds),
  });
  for (const line of lines) following.line(line);
  return { events, confirmations, outcome: following.outcome() };
}

describe('following a run', () => {
  it('tells changed, unchanged and failed steps apart', () => {
    const { outcome, events } = follow(
      'step-ended\t0\tchanged\t150',
      'step-ended\t1\tunchanged\t1',
      `step-ended\t2\tfailed\t3\t${base64('The change failed.')}\t${base64('E: no such package\n')}`,
      'end\t1',
    );
    expect(outcome).toEqual({ status: 1, changed: ['step 1'], unchanged: ['step 2'], failed: ['step 3'] });
    expect(events[0]).toMatchObject({ seconds: 1.5 });
    expect(events[2]).toMatchObject({ reason: 'The change failed.', output: 'E: no such package' });
  });

  it('takes a run without a last line for a killed one, never for a success', () => {
    expect(follow('step-ended\t0\tchanged\t150').outcome.status).toBe(137);
  });

  it('hands over the request for a confirmation', () => {
    expect(follow('confirm\t40').confirmations).toEqual([40]);
  });

  it('ignores lines of a newer hostwright and names of prototype members', () => {
    const { events, outcome } = follow('constructor\tx', 'toString', 'new-event\t1', 'end\t0');
    expect(events).toEqual([]);
    expect(outcome.status).toBe(0);
  });
});
