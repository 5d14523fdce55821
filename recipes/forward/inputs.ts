import { z } from 'zod';
import { cidr, port } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';

/** As many ports as a range with other numbers at the target may have: each is a rule. */
const SHIFTED = 64;

const rule = z
  .strictObject({
    port: port().meta({ help: 'The port of this host that others connect to.' }),
    lastPort: port().optional().meta({ help: 'The last port of a range that begins with `port`.' }),
    protocol: z.enum(['tcp', 'udp']).default('tcp').meta({ help: 'tcp or udp.' }),
    to: z.union([z.ipv4(), z.ipv6()]).meta({ help: 'The address of the machine or container that gets it.' }),
    toPort: port().optional().meta({ help: 'Its port there. Left out: the same.' }),
    from: z
      .array(cidr())
      .default([])
      .meta({ help: 'Only for these networks, of those that `expose` lets in. Left out: for all of them.' }),
  })
  .check(({ value: { port: first, lastPort = first, toPort = first }, issues, value }) => {
    const wrong = (path: string, message: string): void => {
      issues.push({ code: 'custom', input: value, path: [path], message });
    };
    if (lastPort < first) wrong('lastPort', `the range ends at ${lastPort}, before it begins at ${first}`);
    if (toPort + lastPort - first > 65_535) wrong('toPort', 'the range goes past 65535 there');
    if (toPort !== first && lastPort - first >= SHIFTED)
      wrong('toPort', `a range of more than ${SHIFTED} ports keeps its numbers: leave toPort out`);
  });

export const inputs = z.strictObject({
  rules: z
    .array(rule)
    .min(1, 'at least one rule is needed')
    .max(100, 'at most 100 rules')
    .meta({
      question: 'Which ports go to which machine?',
      help: 'What comes to a port of this host is passed on to another machine of the network, or to a container.',
      example: [{ port: 8080, to: '192.168.1.30', toPort: 80 }],
    }),
});

export type ForwardContext = RecipeContext<z.output<typeof inputs>>;
export type ForwardRule = ForwardContext['input']['rules'][number];
