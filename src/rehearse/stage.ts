import type { Report } from '../check/report.ts';
import type { planObject } from '../plan/render-json.ts';

/**
 * What a rehearsal goes through, in this order. `before` only when a script was given, `trouble` only when something happens
 * in the scenario.
 */
export const STAGES = [
  'up',
  'before',
  'apply',
  'apply again',
  'reboot',
  'check',
  'trouble',
  'rollback',
] as const;
export type StageName = (typeof STAGES)[number];

/** How one stage went. */
export interface Stage {
  readonly name: StageName;
  readonly ok: boolean;
  readonly seconds: number;
  /** One line for people. */
  readonly detail: string;
}

/** What `rehearse --json` prints. */
export interface Rehearsal {
  readonly v: 1;
  readonly ok: boolean;
  readonly stages: readonly Stage[];
  /** Null when the check was not reached. */
  readonly check: Report | null;
  /** The first plan; null when it was not reached. */
  readonly plan: ReturnType<typeof planObject> | null;
}

/**
 * Completes the stages of a rehearsal that ended early. Pure.
 * @param trouble whether something was to happen in its scenario
 */
export function withUnreached(stages: readonly Stage[], trouble: boolean): Stage[] {
  const names = STAGES.filter(
    (name) =>
      name !== 'before' && (trouble || name !== 'trouble') && !stages.some((stage) => stage.name === name),
  );
  return [...stages, ...names.map((name): Stage => ({ name, ok: false, seconds: 0, detail: NOT_REACHED }))];
}

export const NOT_REACHED = 'not reached';
