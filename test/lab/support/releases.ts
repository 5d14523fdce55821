import { RELEASES, type Release } from '../../../src/lab/places.ts';

/**
 * On which releases of Debian a suite runs. `npm test` takes one, neighbours differing, since the suites over all recipes
 * (manifest, month) have both; `HOSTWRIGHT_RELEASES=all npm test` takes both.
 */
export function releasesOf(usual: Release): readonly Release[] {
  return process.env.HOSTWRIGHT_RELEASES === 'all' ? RELEASES : [usual];
}
