import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { labFolder, labName, machineName, NODES } from '../../src/lab/places.ts';
import { readLab } from '../../src/lab/state.ts';

test.each(['default', 'a', 'test-2', 'x'.repeat(24)])('%s can be the name of a lab', (name) => {
  expect(labName(name)).toBe(name);
});

test.each(['', '.', '..', 'a/b', '-a', '2nd', 'A', 'a b', 'x'.repeat(25), "a'b", 'a\nb'])(
  '%j cannot',
  (name) => {
    expect(() => labName(name)).toThrow(UserError);
  },
);

test('whatever the name, the folder of a lab is one step below that of all labs, or there is none', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      try {
        expect(labFolder(name)).toMatch(/^\/var\/lib\/hostwright\/lab\/[a-z0-9-]+$/);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
  );
});

test('machines of different labs have different names', () => {
  const names = ['a', 'a-box', 'box'].flatMap((lab) => NODES.map((node) => machineName(lab, node)));
  expect(new Set(names).size).toBe(names.length);
});

test('a lab that does not run is said so, with the command that starts it', async () => {
  await expect(readLab('nowhere')).rejects.toThrow(
    'No lab named nowhere is running. Start one with: hostwright lab up --lab nowhere',
  );
});
