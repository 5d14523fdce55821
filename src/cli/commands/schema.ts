import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

export function command(context: Context) {
  const { json, globals, stream } = context;
  return new Command('schema')
    .summary('the JSON Schema of host files, for editors')
    .description(
      'Prints the JSON Schema of host files, with the inputs of every recipe, those in recipes/ of this folder too.',
    )
    .helpGroup(HELP_GROUPS.write)
    .addHelpText(
      'after',
      examples(
        ['hostwright schema > .hostwright/schema.json', 'what `hostwright init` puts beside host.yaml'],
        ['hostwright schema | jq .properties.connect', 'look something up'],
      ),
    )
    .action(async () => {
      const [{ hostFileSchema }, { quietCatalogue, withoutUntrusted }] = await Promise.all([
        import('../../host/json-schema.ts'),
        import('../own-recipes.ts'),
      ]);
      const catalogue = await quietCatalogue(context, context.cwd);
      const schema = await hostFileSchema(
        withoutUntrusted(catalogue, ({ message }) => process.stderr.write(`Left out: ${message}\n`)),
      );
      if (globals.json) json({ v: 1, schema });
      else stream.write(`${JSON.stringify(schema, undefined, 2)}\n`);
    });
}
