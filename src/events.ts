import type { Plan } from './plan/plan.ts';

/** Everything a run says, in the order in which it happens. Views, `--json` and the journal are listeners. */
export type RunEvent =
  | { readonly event: 'connecting'; readonly target: string }
  | { readonly event: 'connected'; readonly target: string; readonly os: string }
  | { readonly event: 'attached'; readonly run: string; readonly owner: string }
  | { readonly event: 'planned'; readonly plan: Plan }
  | { readonly event: 'started'; readonly run: string; readonly steps: number }
  | { readonly event: 'uploading'; readonly bytes: number; readonly total: number }
  | { readonly event: 'step-started'; readonly ids: readonly string[]; readonly summary: string }
  | {
      readonly event: 'step-ended';
      readonly ids: readonly string[];
      readonly status: 'changed' | 'unchanged' | 'failed';
      readonly seconds: number;
      /** Last lines of what the step printed; only when it failed. */
      readonly output?: string;
      readonly reason?: string;
    }
  | { readonly event: 'confirming'; readonly seconds: number }
  | { readonly event: 'confirmed' }
  | { readonly event: 'reverted'; readonly reason: string }
  | {
      readonly event: 'notified';
      readonly service: string;
      readonly action: 'reload' | 'restart';
      readonly ok: boolean;
      readonly output?: string;
    }
  | { readonly event: 'note'; readonly text: string }
  /** Taking something back, what was made or changed since was put into another place. */
  | { readonly event: 'kept'; readonly path: string; readonly place: string }
  /** Taking something back, this was left where it is. */
  | { readonly event: 'stays'; readonly path: string; readonly text: string }
  | {
      readonly event: 'summary';
      readonly run: string | null;
      readonly changed: number;
      readonly unchanged: number;
      readonly failed: number;
      /** Ids that were planned and not reached. */
      readonly skipped: readonly string[];
      readonly seconds: number;
      readonly roundTrips: number;
    };

/** Receives events. Must not throw. */
export type Listener = (event: RunEvent) => void;
