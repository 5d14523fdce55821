import type { RecipeContext, RecipeParts } from '../../src/compose/recipe.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as service } from '../../src/resources/service.ts';
import { kind as timezone } from '../../src/resources/timezone.ts';
import type { Input } from './inputs.ts';

const OURS = 'systemd-timesyncd';

/** The time zone on the user's word, and a clock that is right. */
export function clockParts(context: RecipeContext<Input>): Required<RecipeParts> {
  const zone = zoneParts(context);
  const sync = syncParts(context);
  return { resources: [...zone.resources, ...sync.resources], notes: [...zone.notes, ...sync.notes] };
}

function zoneParts({ input, facts }: RecipeContext<Input>): Required<RecipeParts> {
  if (input.timezone !== undefined) {
    return {
      resources: [packageKind.of({ name: 'tzdata' }), timezone.of({ name: input.timezone })],
      notes: [],
    };
  }
  const now = facts.clock.timezone;
  const text = `The time zone stays${now === '' ? ' as it is' : ` ${now}`}: logs and times of day are in it. \`timezone: Europe/Berlin\` (say) sets another.`;
  return { resources: [], notes: [{ level: 'info', text }] };
}

function syncParts({ input, facts }: RecipeContext<Input>): Required<RecipeParts> {
  const say = (text: string, level: 'info' | 'warning' = 'info'): Required<RecipeParts> => ({
    resources: [],
    notes: [{ level, text }],
  });
  if (!input.timesync) return say('The clock is left alone, as `timesync: false` says.');
  const { container } = facts.machine;
  if (container !== undefined) {
    return say(
      `This machine is a container (${container}): its clock is that of the machine it runs on, which has to keep it right. Nothing is set up here.`,
    );
  }
  const [other] = facts.clock.keepers
    .filter(({ unit }) => unit !== OURS)
    .toSorted((a, b) => Number(b.running) - Number(a.running));
  if (other?.running) return say(`${other.unit} keeps the clock right already, and stays as it is.`);
  if (other) {
    return say(
      `${other.unit} is installed to keep the clock right, but does not run; hostwright leaves it alone. Start it (systemctl enable --now ${other.unit}), or remove it: then ${OURS} takes its place.`,
      'warning',
    );
  }
  return {
    resources: [packageKind.of({ name: OURS }), service.of({ name: OURS })],
    notes: [
      {
        level: 'info',
        text: `${OURS} keeps the clock right: certificates, logins with one-time codes and logs depend on it. \`timesync: false\` leaves the clock alone.`,
      },
    ],
  };
}
