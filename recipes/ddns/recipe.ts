import { FORMAT } from '../../src/agent/declared.ts';
import { AGENT, DECLARATIONS } from '../../src/agent/places.ts';
import { UNITS } from '../../src/compose/agent/units.ts';
import { agentResources } from '../../src/compose/agent.ts';
import { defineRecipe, type PlanNote } from '../../src/compose/recipe.ts';
import { secretJson } from '../../src/compose/secret-json.ts';
import { kind as file } from '../../src/resources/file.ts';
import { type DdnsContext, inputs } from './inputs.ts';
import { wayOf } from './way.ts';

export default defineRecipe({
  title: 'Dynamic DNS',
  summary: 'Keeps names leading to this host while its address changes, by signed updates or DuckDNS.',
  exposable: false,
  inputs,

  resources(context) {
    const { role, input } = context;
    const declaration = {
      format: FORMAT,
      role,
      names: input.names,
      families: [...new Set(input.families)].sort().map((family) => (family === 'ipv4' ? 4 : 6)),
      way: wayOf(context),
    };
    return {
      resources: [
        ...agentResources(context, { resident: true }),
        file.of(
          {
            path: `${DECLARATIONS.ddns}/${role}.json`,
            content: secretJson(declaration),
            owner: 'root',
            group: AGENT.user,
            mode: '0640',
          },
          { notify: [{ service: UNITS.resident, action: 'restart' }] },
        ),
      ],
      notes: notesOf(context),
    };
  },
});

function notesOf({ input }: DdnsContext): readonly Omit<PlanNote, 'role'>[] {
  const names = input.names.join(', ');
  return [
    {
      level: 'info',
      text: `${names} will lead to the address of this network on the internet. Ports of roles with expose: internet are passed on by the router.`,
    },
    { level: 'info', text: `When the role is removed, what the DNS says of ${names} stays as it is then.` },
  ];
}
