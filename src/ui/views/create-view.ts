import { createJsonView } from './json-view.ts';
import { createLinesView } from './lines-view.ts';
import type { View, ViewLook } from './view.ts';

/** What decides how a run is shown. */
export interface ViewChoice extends ViewLook {
  readonly json: boolean;
  readonly interactive: boolean;
  readonly writeJson: (value: object) => void;
}

/** The view that fits: JSON when asked for, redrawn lines on a terminal, plain lines elsewhere. */
export async function createView({ json, interactive, writeJson, ...look }: ViewChoice): Promise<View> {
  if (json) return createJsonView(writeJson);
  if (!interactive || look.quiet || look.prefix) return createLinesView(look);
  const { createTtyView } = await import('./tty-view.ts');
  return createTtyView(look);
}
