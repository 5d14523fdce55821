import type { Plan } from './plan.ts';

/** The plan as `plan --json` prints it; the shape is a contract (docs/cli.md). */
export function planObject({
  host,
  changes,
  unchanged,
  kept = [],
  foreignTouched,
  pending,
  notes,
  endpoints,
  upgrade,
}: Plan) {
  return {
    v: 1,
    host,
    changes: changes.map(({ id, role, kind, action, summary, diff, conflict, irreversible, because }) => ({
      id,
      role,
      kind,
      action,
      summary,
      ...(diff === undefined ? {} : { diff }),
      ...(conflict ? { conflict } : {}),
      ...(irreversible === undefined ? {} : { irreversible }),
      ...(because ? { because } : {}),
    })),
    ...(upgrade ? { upgrade } : {}),
    unchanged,
    kept,
    foreignTouched,
    pending,
    notes,
    endpoints: endpoints.map(({ role, name, protocol, port, lastPort, expose }) => ({
      role,
      name,
      protocol,
      port,
      ...(lastPort === undefined ? {} : { lastPort }),
      expose,
    })),
  } as const;
}
