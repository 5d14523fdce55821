/** The files of a small recipe that works, by their path below its folder: to begin from. Pure. */
export function firstRecipe(name: string): ReadonlyMap<string, string> {
  return new Map([
    ['recipe.ts', recipe(name)],
    ['templates/note.hbs', TEMPLATE],
    ['cases/plain.yaml', plainCase(name)],
  ]);
}

const recipe = (name: string): string => `import { defineRecipe, inputs, kinds, z } from 'hostwright';

// What a role of this recipe can say in a host file, and what it comes to on the host. It reads and writes nothing by
// itself: the same inputs give the same resources. \`hostwright recipes lint ${name}\` tries it without a machine.
export default defineRecipe({
  title: '${title(name)}',
  summary: 'Leaves a note for people in /etc/hostwright-notes.',
  // It serves nothing: no ports, so no \`expose\`. With \`endpoints\` it would, and firewall and checks would follow.
  exposable: false,
  inputs: z.strictObject({
    text: inputs.text().default('Hello.').meta({
      question: 'What should the note say?',
      help: 'Plain text of any number of lines.',
      example: 'The backup disk is in the cellar.',
    }),
  }),
  resources: ({ role, input, template }) => ({
    resources: [
      kinds.directory.of({ path: '/etc/hostwright-notes' }),
      kinds.file.of({
        path: \`/etc/hostwright-notes/\${role}.txt\`,
        content: template('note', { role, text: input.text }),
      }),
    ],
  }),
});
`;

/** Each value by the helper of the format that it stands in. */
const TEMPLATE = `Note of {{bare role}}, kept by hostwright: change it in host.yaml.

{{lines text}}
`;

const plainCase = (name: string): string => `about: a note of two lines
host:
  host: attic
  roles:
    ${name}: { text: "The backup disk is in the cellar.\\nThe key hangs beside it." }
`;

function title(name: string): string {
  const words = name.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
