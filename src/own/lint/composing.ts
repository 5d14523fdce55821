import { isDeepStrictEqual } from 'node:util';
import { type Composition, compose } from '../../compose/compose.ts';
import { type Problem, UserError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { kindOf } from '../../observe/observe.ts';
import { joinShell } from '../../quote.ts';
import { type SecretSource, secretKey, unsavedSecrets } from '../../secrets/source.ts';
import type { SampleMachine } from './machines.ts';

/** Days by which the clock is put forward, for whether a recipe looks at it. */
const FORWARD = 400;

/** Composes a case on a machine; each secret stays the same. */
export function composeOn(
  host: Host,
  machine: SampleMachine,
  secrets: SecretSource = keptSecrets(),
): Composition {
  return compose(host, frozen(machine.facts()), { closeUnlisted: false, secrets });
}

/**
 * What is wrong with the resources of a case on a machine.
 * @throws {UserError} when it cannot be composed
 */
export function checkComposition(host: Host, machine: SampleMachine, file: string): readonly Problem[] {
  const secrets = keptSecrets();
  const first = composeOn(host, machine, secrets);
  for (const { resource } of first.resources) joinShell([kindOf(resource.kind).observe([resource.spec])]);
  // Asked for by `hostwright db` only: nothing else would find a mistake in it.
  for (const { name: role, input, expose, definition } of host.roles)
    definition.backup?.({ role, host: host.name, input, expose, folder: refuseFolder });
  const second = atAnotherTime(() => composeOn(host, machine, secrets));
  const differing = second.resources.find(
    ({ resource }, index) => !isDeepStrictEqual(resource, first.resources[index]?.resource),
  );
  const ids = [first, second].map(({ resources }) => resources.map(({ resource }) => resource.id).join('\n'));
  if (!differing && ids[0] === ids[1] && isDeepStrictEqual(first.endpoints, second.endpoints)) return [];
  return [
    {
      at: { file },
      message: `the same inputs do not give the same result twice: ${differing?.resource.id ?? 'what is declared'} differs`,
      hint: 'A recipe knows no time and no chance: take what it needs from its inputs, the facts, or secret().',
    },
  ];
}

/** A problem of the case for every way in which it cannot be had. */
export function problemsOf(work: () => readonly Problem[]): readonly Problem[] {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

function refuseFolder(): never {
  throw new UserError({ message: 'backup() depends on no folder: it says where the dumps are on the host.' });
}

/** Secrets that stay the same for as long as a recipe is tried. */
export function keptSecrets(): SecretSource {
  const made = new Map<string, ReturnType<SecretSource>>();
  return (name, wish) => {
    const key = secretKey(name);
    const secret = made.get(key) ?? unsavedSecrets(name, wish);
    made.set(key, secret);
    return secret;
  };
}

/** Does the work, which must not wait for anything, with another clock and other chances. */
function atAnotherTime<T>(work: () => T): T {
  const { Date: RealDate, Math: math } = globalThis;
  const chance = math.random;
  const shift = FORWARD * 86_400_000;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, words, made) =>
      Reflect.construct(target, words.length === 0 ? [target.now() + shift] : words, made),
    get: (target, key) => (key === 'now' ? () => target.now() + shift : Reflect.get(target, key)),
  });
  math.random = () => 0.123456789;
  try {
    return work();
  } finally {
    globalThis.Date = RealDate;
    math.random = chance;
  }
}

/** A recipe that writes into what it is shown is told so by the place where it does. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) frozen(inner);
  return value;
}
