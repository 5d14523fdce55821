import { z } from 'zod';
import { connectStep } from '../connect-step.ts';
import { defineProbe } from '../probe.ts';

/** Proves only that something accepts connections on the port: for protocols that have no probe of their own. */
export const probe = defineProbe({
  settings: z.strictObject({}),
  async run(context) {
    const connected = await connectStep(context);
    if (!connected.stream) return connected.outcome;
    connected.stream.destroy();
    return { ok: true, connected: true, steps: [connected.step] };
  },
});
