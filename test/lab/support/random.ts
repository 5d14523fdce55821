/**
 * Whole numbers from `first` to `last`, as a seed decides them: random in every run, and the same again with the same
 * `LAB_SEED`. The seed is printed.
 */
export function seeded(suite: string): (first: number, last: number) => number {
  const seed = Number(process.env.LAB_SEED ?? Date.now() % 1_000_000);
  process.stdout.write(`${suite}: LAB_SEED=${seed}\n`);
  let state = seed >>> 0;
  return (first, last) => {
    // Numerical Recipes' linear congruential generator; its high bits are the better ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return first + Math.floor((state / 2 ** 32) * (last - first + 1));
  };
}
