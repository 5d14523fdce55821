import { z } from 'zod';
import { AGENT } from '../agent/places.ts';
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { hasMetadata, isStill, nameOf, observePaths, parsePaths } from './shared/paths.ts';

/** Folders of the agent's, the home first. nginx reads the answers to challenges. */
const FOLDERS = [AGENT.home, AGENT.challenges, AGENT.ready, `${AGENT.home}/state`];

const METADATA = { mode: '0755', owner: AGENT.user, group: AGENT.user };

/**
 * What the agent makes there, as find(1) prints it from within; the rest is of people, and stays. A token for a challenge
 * has 128 bits at least (RFC 8555 section 8.3).
 */
const MADE = [
  String.raw`./accounts/[0-9a-f]+\.json`,
  './http-01/[A-Za-z0-9_-]{22,}',
  String.raw`./ready/[a-z0-9][a-z0-9._-]*/(key|fullchain)\.pem`,
  String.raw`./state/[a-z-]+(\.json|\.lock)?`,
  String.raw`./state/(certificates|ddns)/[^/]+\.json`,
  String.raw`./state/issued/[^/]+\.pem`,
  String.raw`./state/staged/[^/]+/(key|fullchain)\.pem`,
]
  .map((path) => String.raw`${path}(\.[0-9a-f]{12}\.tmp|\.new)?`)
  .join('|');

const MADE_FOLDERS = String.raw`\./(accounts|http-01|ready|state|ready/[a-z0-9][a-z0-9._-]*|state/(certificates|ddns|issued|staged)|state/staged/[^/]+)`;

/**
 * Where the agent keeps what it made: keys of its accounts at authorities, and what it knows of mappings and certificates.
 * All of that is made anew where it is missing, so it goes with the agent.
 */
export const kind = defineKind({
  name: 'agent-home',
  describe: 'The folder of the agent: what it has made for itself, which goes with it.',
  schema: z.strictObject({}),
  key: () => AGENT.home,

  observe: () => observePaths(FOLDERS),
  parse: (output, specs) => specs.map(() => parsePaths(output, FOLDERS)),

  diff(_spec, states) {
    const missing = states.filter((state) => state.type === 'absent').length;
    const [home] = states;
    if (missing === FOLDERS.length)
      return { action: 'create', summary: `create the folder of the agent, ${METADATA.owner}` };
    if (home && home.type !== 'directory' && home.type !== 'absent')
      throw new HostError(`${AGENT.home} is ${nameOf(home)}: the agent of hostwright has its folder there.`, {
        hint: 'hostwright did not put it there. Move it away by hand, then apply again.',
      });
    const isRight = states.every(
      (state) =>
        state.type === 'directory' &&
        state.mode === METADATA.mode &&
        state.owner === METADATA.owner &&
        state.group === METADATA.group,
    );
    return isRight ? undefined : { action: 'update', summary: `give it to ${METADATA.owner}` };
  },

  step: (_spec, [home = { type: 'absent' as const }]) => ({
    converged: sh`for hw_folder in ${FOLDERS}; do
  [ -d "$hw_folder" ] && [ ! -L "$hw_folder" ] || exit 1
done
${hasMetadata(AGENT.home, METADATA)}`,
    unmoved: isStill(AGENT.home, home),
    record: sh`if [ -e ${AGENT.home} ] || [ -L ${AGENT.home} ]; then : >"$HW_BEFORE"/agent-home; fi`,
    change: sh`for hw_folder in ${FOLDERS}; do
  install -d -m 0755 -o ${AGENT.user} -g ${AGENT.user} -- "$hw_folder" || exit 1
done`,
    undo: sh`[ ! -e "$HW_BEFORE"/agent-home ] && [ -d ${AGENT.home} ] && [ ! -L ${AGENT.home} ] || exit 0
cd -P -- ${AGENT.home} || exit 1
# By its number: the account may be gone.
hw_agent=$(stat -c %u .)
find . -xdev -depth -regextype posix-extended \( -type f -uid "$hw_agent" -regex ${MADE} -o -type d -empty -regex ${MADE_FOLDERS} \) -delete
cd / && { rmdir -- ${AGENT.home} 2>/dev/null || hw_keep_data ${AGENT.home} 'since it holds files that are not of the agent'; }`,
    remember: 'made',
  }),
});
