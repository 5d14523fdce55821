import { z } from 'zod';
import { oneLine } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { serviceStep } from './service/step.ts';
import { isMasked, type ServiceState, unitOf } from './service/unit.ts';

function unitName() {
  return z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9:_.\\-]{0,200}(?:@[A-Za-z0-9:_.\\-]+)?$/,
      'the name of a service has letters, digits and : _ . - and \\, with @ and an instance after it',
    )
    .overwrite((name) => name.replace(/\.service$/, ''));
}

const schema = z.strictObject({
  /** `nginx`, `postgresql@15-main`, `ssh.socket`; `.service` may be left out. */
  name: unitName(),
  /** Whether it starts when the host boots. */
  enabled: z.boolean().default(true),
  running: z.boolean().default(true),
  /** Must end with 0 before the service is started or reloaded: `[nginx, -t]`. */
  validate: z.array(oneLine()).optional(),
  /** For name servers: names and addresses that the host must still be able to look up once it runs, if it could before. */
  keepsResolving: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, 'a name or an address is expected'))
    .optional(),
  /** Services of somebody else that hold what this one needs: each is stopped for good just before this one starts. */
  replaces: z.array(unitName()).optional(),
});

export type ServiceSpec = z.output<typeof schema>;

/** Unit files in these states start by themselves, or cannot be enabled because something else starts them. */
const STARTS = new Set(['enabled', 'static', 'indirect', 'generated', 'alias', 'transient']);
const PROPERTIES = ['LoadState', 'ActiveState', 'SubState', 'UnitFileState'];

/** A systemd unit: whether it runs now, and whether it starts at boot. */
export const kind = defineKind({
  name: 'service',
  describe: 'A systemd unit: whether it runs, and whether it starts at boot.',
  schema,
  key: (spec) => spec.name,

  observe: (specs) =>
    sh`systemctl show --no-pager ${`--property=${PROPERTIES.join(',')}`} -- ${specs.map(unitOf)} || :`,

  parse(output, specs) {
    const blocks = output.toString().trim().split(/\n\n+/).map(properties);
    if (blocks.length !== specs.length || !blocks.every((block) => block.has('LoadState'))) {
      throw new HostError('systemd did not answer for every service', {
        hint: 'hostwright manages services of systemd only: is it running on this host (systemctl status)?',
        output: output.toString(),
      });
    }
    return blocks.map((block): ServiceState => {
      const [load, active, sub, file] = PROPERTIES.map((name) => block.get(name) ?? '');
      return { load: load ?? '', active: active ?? '', sub: sub ?? '', file: file ?? '' };
    });
  },

  diff(spec, state, { remembered, adopted }) {
    const { replaces = [] } = spec;
    const verbs = actions(spec, state);
    if (verbs.length === 0 && replaces.length === 0) return undefined;
    const masked = isMasked(state) && (spec.enabled || spec.running);
    const stops = verbs.some((verb) => verb === 'stop' || verb === 'disable');
    // What the administrator switched off or runs for other reasons is not ours to change unasked.
    const foreign =
      masked || replaces.length > 0 || (stops && state.load === 'loaded' && remembered === undefined);
    const instead = replaces.length > 0 ? `, and stop and disable ${replaces.join(', ')} for it` : '';
    const why = masked ? ' (it is masked: someone switched it off on purpose)' : explain(state);
    return {
      action: spec.enabled || spec.running ? 'update' : 'remove',
      summary: `${verbs.length > 0 ? verbs.join(' and ') : 'restart'}${why}${instead}`,
      ...(foreign && { touchesForeign: true, ...(!adopted && { conflict: 'adopt' }) }),
    };
  },

  step: serviceStep,
});

function properties(block: string): ReadonlyMap<string, string> {
  return new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
}

function actions(spec: ServiceSpec, state: ServiceState): readonly string[] {
  const runs = state.active === 'active' || state.active === 'reloading';
  const verbs: string[] = [];
  if (isMasked(state) && (spec.enabled || spec.running)) verbs.push('unmask');
  if (spec.running && !runs) verbs.push('start');
  if (!spec.running && !['inactive', 'failed', ''].includes(state.active)) verbs.push('stop');
  if (spec.enabled && !STARTS.has(state.file)) verbs.push('enable');
  if (!spec.enabled && /^enabled|^alias$/.test(state.file)) verbs.push('disable');
  return verbs;
}

function explain({ load, active, sub }: ServiceState): string {
  if (load === 'not-found') return ', once it is installed';
  if (load !== 'loaded') return ` (systemd could not read its unit file: ${load})`;
  if (sub === 'auto-restart') return ' (it keeps failing)';
  return active === 'failed' ? ' (it has failed)' : '';
}
