import { z } from 'zod';
import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';

/** Of tzfile(5)'s names those that no shell and no path sees anything else in. */
export const timezoneName = () =>
  z
    .string()
    .regex(
      /^(?=.{1,64}$)[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,3}$/,
      'a time zone is a name such as Europe/Berlin or Etc/UTC',
    );

const schema = z.strictObject({ name: timezoneName() });

const LINK = '/etc/localtime';
const OLD = '/etc/timezone';
const ZONES = '/usr/share/zoneinfo';

interface TimezoneState {
  /** The zone that /etc/localtime points to; empty when it is no link into the zones. */
  readonly zone: string;
  /** What stands there, for people and for noticing that it moved. */
  readonly link: string;
  /** First line of /etc/timezone; undefined where there is no such file. */
  readonly old: string | undefined;
  /** `none`: there are no zones at all yet. */
  readonly known: 'yes' | 'no' | 'none';
}

/** The time zone that programs show the time in. */
export const kind = defineKind({
  name: 'timezone',
  describe: "The host's time zone: /etc/localtime, and /etc/timezone where it exists.",
  schema,
  key: () => 'system',

  observe: (specs) => sh`printf 'link\t%s\n' "$(readlink ${LINK} || { [ ! -e ${LINK} ] || echo 'no link'; })"
if [ -f ${OLD} ]; then printf 'old\t%s\n' "$(head -n 1 ${OLD})"; fi
for hw_zone in ${specs.map(({ name }) => name)}; do
  if [ -f ${ZONES}/"$hw_zone" ]; then echo 'known	yes'
  elif [ -e ${`${ZONES}/UTC`} ]; then echo 'known	no'
  else echo 'known	none'; fi
done`,

  parse(output, specs) {
    const lines = output
      .toString()
      .split('\n')
      .map((line) => line.split('\t'));
    const link = lines.find(([label]) => label === 'link')?.[1];
    const known = lines.filter(([label]) => label === 'known').map(([, value]) => value);
    if (link === undefined || known.length !== specs.length)
      throw new HostError("The host's answer about its time zone was not understood", {
        output: output.toString(),
      });
    const zone = /^(?:\.\.)?\/usr\/share\/zoneinfo\/(.+)$/.exec(link)?.[1] ?? '';
    const old = lines.find(([label]) => label === 'old')?.[1];
    return specs.map((_, index): TimezoneState => {
      const answer = known[index];
      return { zone, link, old, known: answer === 'yes' || answer === 'no' ? answer : 'none' };
    });
  },

  diff({ name }, { zone, link, old, known }, { remembered }) {
    if (known === 'no') {
      throw new HostError(`There is no time zone ${name} on this host.`, {
        hint: '`timedatectl list-timezones` there names them all; some old names are in the package tzdata-legacy.',
      });
    }
    if (zone === name && (old === undefined || old === name)) return undefined;
    const was = zone === name ? `; ${OLD} says ${old}` : link === '' ? '' : ` (was ${zone || link})`;
    return {
      action: link === '' ? 'create' : 'update',
      summary: `set the time zone to ${name}${was}`,
      ...(remembered === undefined && link !== '' ? { touchesForeign: true } : {}),
    };
  },

  step({ name }, { link }) {
    const file = `${ZONES}/${name}`;
    const points = sh`case $(readlink ${LINK}) in ${file} | ${`..${file}`}) ;; *) false ;; esac`;
    const old = sh`{ [ ! -f ${OLD} ] || [ "$(head -n 1 ${OLD})" = ${name} ]; }`;
    return {
      converged: sh`${points} && ${old}`,
      unmoved: sh`[ "$(readlink ${LINK} || { [ ! -e ${LINK} ] || echo 'no link'; })" = ${link} ]`,
      record: sh`hw_keep ${LINK} && hw_keep ${OLD}`,
      change: sh`[ -f ${file} ] || hw_fail ${`There is no time zone ${name} on this host: it has no ${file}. Names: timedatectl list-timezones`}
if ! ${points}; then
  rm -f -- /etc/.hostwright-localtime && hw_transient /etc/.hostwright-localtime
  ln -sT -- ${file} /etc/.hostwright-localtime && mv -fT -- /etc/.hostwright-localtime ${LINK} || exit 1
fi
if ! ${old}; then
  hw_text=$(mktemp) && printf '%s\n' ${name} >"$hw_text" || exit 1
  hw_put "$hw_text" ${OLD} "$(stat -c %a ${OLD})" root root || exit 1
  rm -f -- "$hw_text"
fi
${tellOthers}`,
      undo: sh`hw_restore ${LINK} && hw_restore ${OLD} || exit 1
${tellOthers}`,
      remember: name,
    };
  },
});

/** Those that work by the clock have read the zone at their start. */
const tellOthers = sh`systemctl --quiet try-restart cron.service rsyslog.service 2>/dev/null || :`;
