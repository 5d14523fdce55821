import { defineConfig } from 'vitest/config';

/** The suites that `connect.lab.test.ts` runs in the network of a lab's laptop. */
export default defineConfig({
  test: {
    include: ['test/lab/connect/*.laptop.test.ts'],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
