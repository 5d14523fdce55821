import { stringify } from 'yaml';
import { inputMeta } from '../compose/input-meta.ts';
import { appendRole } from '../host/edit.ts';
import { exposeSchema } from '../host/schema.ts';
import type { Draft, DraftRole } from './questions.ts';

/** Writes a draft as a host file, with comments for whoever edits it later. */
export function renderHostFile({ host, connect, network, roles }: Draft): string {
  const head = [
    '# yaml-language-server: $schema=./.hostwright/schema.json',
    '# What this machine should be. See what would change: hostwright plan. Then do it: hostwright apply.',
    'hostwright: 1',
    flow('host', host),
    '',
    '# How it is reached: local, lab, or { ssh: user@address }.',
    flow('connect', connect),
    ...(network === undefined ? [] : ['', '# What else is known of the network.', flow('network', network)]),
    '',
    '# What it should be.',
    'roles:',
    '',
  ].join('\n');
  return roles.reduce((text, role) => appendRole(text, role.name, roleBody(role)), head);
}

/** What the role says, and, commented out, what else it could say. */
function roleBody({ name, recipe, definition, values }: DraftRole): string {
  const shape = definition?.inputs.shape ?? {};
  const said = [...values].flatMap(([key, value]) => {
    const schema = key === 'expose' ? exposeSchema : shape[key];
    return [...comment(schema ? inputMeta(schema).help : undefined), flow(key, value)];
  });
  const unsaid = Object.entries(shape).flatMap(([key, schema]) => {
    const { help, example } = inputMeta(schema);
    return values.has(key) || example === undefined ? [] : [...comment(help), `# ${flow(key, example)}`];
  });
  const own = recipe === name ? [] : [flow('recipe', recipe)];
  const lines = [...comment(definition?.summary), ...own, ...said];
  return own.length + said.length === 0 ? '' : [...lines, ...unsaid].join('\n');
}

function comment(text: string | undefined): string[] {
  return text === undefined ? [] : text.split('\n').map((line) => `# ${line}`);
}

/** One key on one line. */
function flow(key: string, value: unknown): string {
  const shown = stringify(value ?? null, {
    collectionStyle: 'flow',
    lineWidth: 0,
    defaultStringType: 'PLAIN',
  }).trimEnd();
  return `${key}: ${shown.includes('\n') || (typeof value === 'string' && shown.startsWith('|')) ? JSON.stringify(value) : shown}`;
}
