import { bundle } from '../../scripts/build.ts';

/** Tests that start `bin/hostwright.js` test the sources as they are now. */
export async function setup(): Promise<void> {
  await import('../../scripts/generate.ts');
  await bundle();
}
