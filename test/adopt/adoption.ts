import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What it means for one kind to take over what was there before hostwright: one file a kind, named after it. */
export type Adoption =
  /** Why there is never anything to take over. */
  | { readonly nothing: string }
  | {
      /** Declared for a machine on which something else is there. */
      readonly spec: unknown;
      /** Shell that brings the other thing. */
      readonly before: string;
      /** Shell that prints what it is like; the same once it has been taken over and that was undone. */
      readonly looks: string;
      /** Text that is found in what the run has kept. */
      readonly original: string;
    }
  /** Which lab test takes it over, where that needs more than one resource. */
  | { readonly elsewhere: string };

/**
 * Reads `test/adopt/<kind>.ts`.
 * @throws {Error} that says what to write.
 */
export async function adoptionOf(kind: string): Promise<Adoption> {
  const url = new URL(`./${kind}.ts`, import.meta.url);
  if (!existsSync(fileURLToPath(url))) {
    throw new Error(
      `The kind ‘${kind}’ does not say what it takes over: write test/adopt/${kind}.ts with \`export const adoption: Adoption\` (see test/adopt/adoption.ts).`,
    );
  }
  const module = (await import(url.href)) as { readonly adoption: Adoption };
  return module.adoption;
}
