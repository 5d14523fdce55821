import { runInNewContext } from 'node:vm';
import { z } from 'zod';
import type { PlanNote, Recipe } from '../compose/recipe.ts';
import { renderSecretTemplate } from '../compose/secret-template.ts';
import { renderTemplate } from '../compose/templates.ts';
import { HostError, UserError } from '../errors.ts';
import { failureOf, find, lintLine, PATIENCE, placeOf } from './failure.ts';
import type { OwnRecipe } from './find.ts';
import { shadowing } from './shadowing.ts';
import { plain, RETURNS } from './shape.ts';
import { templatesOf } from './templates-of.ts';

/**
 * The recipe as the rest of hostwright uses it: whatever it does wrong is told with its place in the recipe, and it
 * cannot go on for ever.
 * @param shadows a recipe of this name comes with hostwright
 */
export function guarded(own: OwnRecipe, recipe: Recipe, shadows: boolean): Recipe {
  const { endpoints, names, backup, ...rest } = recipe;
  const notes: readonly Omit<PlanNote, 'role'>[] = shadows ? [{ level: 'info', text: shadowing(own) }] : [];
  return {
    ...rest,
    ...(endpoints && {
      endpoints: (context) => call(own, 'endpoints', () => endpoints.call(recipe, context)),
    }),
    ...(names && { names: (context) => call(own, 'names', () => names.call(recipe, context)) }),
    ...(backup && { backup: (context) => call(own, 'backup', () => backup.call(recipe, context)) }),
    resources: (context) => {
      const template: typeof context.template = (name, data) => renderTemplate(...textOf(own, name), data);
      const secretTemplate: typeof context.secretTemplate = (name, data) =>
        renderSecretTemplate(...textOf(own, name), data);
      const parts = call(own, 'resources', () => recipe.resources({ ...context, template, secretTemplate }));
      return { ...parts, notes: [...notes, ...(parts.notes ?? [])] };
    },
  };
}

function call<T>(own: OwnRecipe, name: keyof typeof RETURNS, work: () => T): T {
  const doing = `in ${name}()`;
  let result: T;
  try {
    // A loop without end cannot be stopped from outside, except by this.
    result = runInNewContext('work()', { work }, { timeout: PATIENCE * 1_000, displayErrors: false });
  } catch (error) {
    if (error instanceof UserError || error instanceof HostError) throw error;
    if (error instanceof z.ZodError) throw refusedSpec(own, error);
    throw failureOf(own, error, doing);
  }
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw wrong(own, name, 'it returns a promise; it has to return at once, and needs nothing to wait for');
  }
  const { error } = RETURNS[name].safeParse(result);
  const [issue] = error?.issues ?? [];
  if (issue)
    throw wrong(own, name, `${issue.path.map((part) => `${String(part)}: `).join('')}${plain(issue)}`);
  return result;
}

/** A template as messages name it, and its text. */
function textOf(own: OwnRecipe, name: string): readonly [string, string] {
  const text = templatesOf(own).get(name);
  if (text !== undefined) return [`${own.shown}/templates/${name}.hbs`, text];
  throw new UserError({
    at: find(own, own.entry, name),
    message: `the recipe ‘${own.name}’ has no template ‘${name}’`,
    hint: `It would be ${own.shown}/templates/${name}.hbs.`,
  });
}

/** A kind's schema refused what the recipe asked for. */
function refusedSpec(own: OwnRecipe, error: z.ZodError): UserError {
  const at = placeOf(own, error) ?? { file: `${own.shown}/${own.entry}` };
  return new UserError(
    error.issues.map((issue) => ({
      at,
      message: `${issue.path.map((part) => `${String(part)}: `).join('')}${plain(issue)}`,
      hint: `Nothing was touched. This resource of the recipe ‘${own.name}’ cannot be; try: ${lintLine(own)}`,
    })),
  );
}

function wrong(own: OwnRecipe, name: string, why: string): UserError {
  return new UserError({
    at: find(own, own.entry, name),
    message: `${name}() of the recipe ‘${own.name}’ does not return what it should: ${why}`,
    hint: `Nothing was touched. Mend the recipe, then try: ${lintLine(own)}`,
  });
}
