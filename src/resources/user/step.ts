import { joinShell, type Shell, sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import { dropStaleLocks, keepBackups, restoreBackups } from '../shared/account-files.ts';
import { slot } from '../shared/slot.ts';
import type { UserSpec, UserState } from '../user.ts';

const FIELDS = { comment: 5, home: 6, shell: 7 } as const;

/** What runs on the host to create or change an account. */
export function userStep(spec: UserSpec, state: UserState): Step {
  const before = slot('user', spec.name);
  return {
    converged: converged(spec),
    unmoved:
      state === 'absent'
        ? sh`! getent passwd -- ${spec.name} >/dev/null`
        : sh`[ "$(getent passwd -- ${spec.name} | cut -d: -f6,7)" = ${`${state.home}:${state.shell}`} ]`,
    record: sh`getent passwd -- ${spec.name} >${before} || :
getent group -- ${spec.name} >${before}.group || :
id -Gnz -- ${spec.name} >${before}.groups 2>/dev/null || :
# A home that an undo has kept is ours still.
if [ -e ${defaults(spec).home} ] && [ ! -e ${`${defaults(spec).home}/${FORMER}`} ]; then : >${before}.home; fi
${keepBackups}`,
    change: sh`if getent passwd -- ${spec.name} >/dev/null; then
${modify(spec)}
else
${create(spec)}
fi`,
    after: dropStaleLocks,
    undo: sh`if [ -s ${before} ]; then
${restore(spec, before)}
else
${remove(spec, before)}
fi
${restoreBackups}`,
    remember: spec.groups.join(',') || '-',
  };
}

/** What a new account gets where the spec is silent. An existing one is not compared with these. */
function defaults({ name, system, home, shell, createHome }: UserSpec) {
  return {
    home: home ?? (system ? '/nonexistent' : `/home/${name}`),
    shell: shell ?? (system ? '/usr/sbin/nologin' : '/bin/bash'),
    createHome: createHome ?? !system,
  };
}

function converged(spec: UserSpec): Shell {
  const { name, groups, createHome } = spec;
  const checks = (['comment', 'home', 'shell'] as const).flatMap((field) => {
    const wanted = spec[field];
    // Of the comment only the name counts: adduser(8) and chfn(1) put commas behind it.
    const cut = field === 'comment' ? sh` | cut -d, -f1` : sh``;
    return wanted === undefined
      ? []
      : [sh`[ "$(printf '%s\n' "$hw_line" | cut -d: -f${FIELDS[field]}${cut})" = ${wanted} ]`];
  });
  return joinShell(
    [
      sh`hw_line=$(getent passwd -- ${name})`,
      ...checks,
      ...groups.map((group) => sh`id -Gnz -- ${name} | grep -zqxF -e ${group}`),
      ...(createHome ? [sh`[ -d "$(printf '%s\n' "$hw_line" | cut -d: -f6)" ]`] : []),
    ],
    ' &&\n',
  );
}

function create(spec: UserSpec): Shell {
  const { name, system, comment, groups } = spec;
  const { home, shell, createHome } = defaults(spec);
  const options = [
    ...(system ? ['--system'] : []),
    ...['--home-dir', home, '--shell', shell],
    createHome ? '--create-home' : '--no-create-home',
    ...(comment === undefined ? [] : ['--comment', comment]),
    ...(groups.length > 0 ? ['--groups', groups.join(',')] : []),
  ];
  return sh`  if getent group -- ${name} >/dev/null; then
    useradd ${options} --gid ${name} -- ${name}
  else
    useradd ${options} --user-group -- ${name}
  fi || exit 1
${createHome ? reclaim(spec, home) : sh``}`;
}

function modify(spec: UserSpec): Shell {
  const options = [
    ...(spec.home === undefined ? [] : ['--home', spec.home]),
    ...(spec.shell === undefined ? [] : ['--shell', spec.shell]),
    ...(spec.comment === undefined ? [] : ['--comment', spec.comment]),
    ...(spec.groups.length > 0 ? ['--append', '--groups', spec.groups.join(',')] : []),
  ];
  const home = spec.createHome
    ? sh`hw_home=$(getent passwd -- ${spec.name} | cut -d: -f6)
  if [ ! -e "$hw_home" ]; then
    mkdir -m 0700 -- "$hw_home" && cp -a -- /etc/skel/. "$hw_home" &&
      chown -R -- "$(id -u -- ${spec.name}):$(id -g -- ${spec.name})" "$hw_home" || exit 1
  fi`
    : sh`:`;
  return sh`  ${options.length > 0 ? sh`usermod ${options} -- ${spec.name} || exit 1` : sh`:`}
  ${home}`;
}

/** Sets back what usermod(8) changed; what was changed again since is somebody else's. */
function restore(spec: UserSpec, before: Shell): Shell {
  const { name, groups } = spec;
  const fields = (['comment', 'home', 'shell'] as const).flatMap((field) => {
    const ours = spec[field];
    if (ours === undefined) return [];
    const cut = field === 'comment' ? sh` | cut -d, -f1` : sh``;
    const number = FIELDS[field];
    return [
      sh`  if [ "$(getent passwd -- ${name} | cut -d: -f${number}${cut})" = ${ours} ]; then
    usermod ${`--${field}`} "$(cut -d: -f${number} <${before})" -- ${name} || exit 1
  fi`,
    ];
  });
  const memberships = groups.map(
    (
      group,
    ) => sh`  if id -Gnz -- ${name} | grep -zqxF -e ${group} && ! grep -zqxF -e ${group} ${before}.groups; then
    gpasswd -d ${name} ${group} >/dev/null || exit 1
  fi`,
  );
  return joinShell([sh`  getent passwd -- ${name} >/dev/null || exit 0`, ...fields, ...memberships]);
}

/** Takes the account away; its home goes only while it holds nothing but what useradd(8) put there. */
function remove(spec: UserSpec, before: Shell): Shell {
  const { name } = spec;
  const { home } = defaults(spec);
  const mark = `${home}/${FORMER}`;
  return sh`  if getent passwd -- ${name} >/dev/null; then
    # What a login has started stays for ten seconds after its end (user@.service(5)); and nobody's work is lost where the
    # account could only move files.
    case $(loginctl show-user --value -p State -- ${name} 2>/dev/null):$(getent passwd -- ${name} | cut -d: -f7) in
      closing:* | active:*/nologin | online:*/nologin) loginctl terminate-user -- ${name} || : ;;
    esac
    hw_tries=0
    until hw_said=$(userdel -- ${name} 2>&1); do
      # 8: a process works under that name, userdel(8).
      if [ "$?" != 8 ]; then printf '%s\n' "$hw_said" >&2; exit 1; fi
      if [ "$hw_tries" = 20 ]; then
        printf '%s\n' "$hw_said" ${`Somebody is logged in as ${name}, or left something running. Wait for that, or end it on the host by: loginctl terminate-user ${name}`} >&2
        exit 1
      fi
      hw_tries=$((hw_tries + 1)); sleep 0.5
    done
  fi
  if [ -s ${before}.group ] && ! getent group -- ${name} >/dev/null; then
    groupadd --gid "$(cut -d: -f3 <${before}.group)" -- ${name} || exit 1
  fi
  if [ ! -e ${before}.home ] && [ -d ${home} ] && [ ! -L ${home} ]; then
    if diff -rq -- /etc/skel ${home} >/dev/null 2>&1; then rm -rf -- ${home}
    else
      # Its number may be given to somebody else.
      if hw_former=$(stat -c '%u %g %a' -- ${home}) && [ "\${hw_former%% *}" != 0 ]; then
        (umask 077; rm -f -- ${mark} && set -C && printf '%s\n' "$hw_former" >${mark}) || exit 1
      fi
      chown root:root -- ${home} && chmod 0700 -- ${home} || exit 1
      hw_keep_data ${home} 'since it holds files; it belongs to root now'
    fi
  fi`;
}

/** In a home that root was given: whose it was, and its mode. */
const FORMER = '.hostwright-former-owner';

/** Gives an account that is made anew the home that {@link remove} has kept: without it nobody could log in. */
function reclaim({ name }: UserSpec, home: string): Shell {
  const mark = `${home}/${FORMER}`;
  return sh`  if [ -f ${mark} ] && [ ! -L ${mark} ] && [ "$(stat -c %u -- ${home})" = 0 ]; then
    read -r hw_user hw_group hw_mode <${mark} || exit 1
    find ${home} -xdev -uid "$hw_user" -exec chown -h -- ${name} {} + || exit 1
    find ${home} -xdev -gid "$hw_group" -exec chgrp -h -- "$(id -g -- ${name})" {} + || exit 1
    rm -f -- ${mark} && chown -- "$(id -u -- ${name}):$(id -g -- ${name})" ${home} && chmod -- "0$hw_mode" ${home} || exit 1
  fi`;
}
