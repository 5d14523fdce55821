import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePlace, type Place } from './load-text.ts';

/**
 * Each file in `bad/` holds a host file and, below the line, what it is refused with. For a new case write the
 * host file alone and run `npx vitest run test/host/bad.test.ts -u`.
 */
const LINE = '===== is refused with =====\n';
const folder = join(import.meta.dirname, 'bad');

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

it.each(readdirSync(folder))('refuses %s', async (name) => {
  const [text = ''] = readFileSync(join(folder, name), 'utf8').split(LINE);
  const { message, problems } = await place.refuse(text);
  for (const { at } of problems.slice(0, 20))
    expect(at).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
  const shown = message.replaceAll(place.directory, '/home/me');
  await expect(`${text}${LINE}${shown}\n`).toMatchFileSnapshot(join(folder, name));
});
