import { Command } from '@commander-js/extra-typings';
import { examples, HELP_GROUPS } from '../command-module.ts';
import type { Context } from '../context.ts';

export function command({ json, globals, stream }: Context) {
  return new Command('schema')
    .summary('the JSON Schema of host files, for editors')
    .description('Prints the JSON Schema of host files, with the inputs of every recipe.')
    .helpGroup(HELP_GROUPS.write)
    .addHelpText(
      'after',
      examples(
        ['hostwright schema > .hostwright/schema.json', 'what `hostwright init` puts beside host.yaml'],
        ['hostwright schema | jq .properties.connect', 'look something up'],
      ),
    )
    .action(async () => {
      const [{ hostFileSchema }, { builtInCatalogue }] = await Promise.all([
        import('../../host/json-schema.ts'),
        import('../../compose/catalogue.ts'),
      ]);
      const schema = await hostFileSchema(builtInCatalogue());
      if (globals.json) json({ v: 1, schema });
      else stream.write(`${JSON.stringify(schema, undefined, 2)}\n`);
    });
}
