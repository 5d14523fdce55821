import { HostError } from '../errors.ts';
import type { Applied, AppliedMeta } from '../facts/probes/applied.ts';
import type { Host } from '../host/host.ts';
import type { Lineage } from '../host/lineage.ts';
import { textDiff } from '../plan/text-diff.ts';

type Lacking = Extract<Lineage, { kind: 'lacking' }>;

/** Lines of the difference that are shown. */
const DIFF_LINES = 10;

/**
 * Says that applying would undo what somebody applied from elsewhere: from where, when, by whom, what differs, and what
 * to do.
 */
export function lackingError(lineage: Lacking, host: Host, { meta }: Applied): HostError {
  const diff =
    lineage.what === 'recipes' ? '' : textDiff(Buffer.from(lineage.text), Buffer.from(host.text ?? ''));
  const hints = [
    'Nothing was changed. Get that version into this folder first (git pull, or from whoever applied it).',
    `To look at it: hostwright init --from ${targetWord(host)} OTHER-FOLDER`,
    'To go on with what this folder says all the same: --take-over',
  ];
  return new HostError(`${host.name}: ${describeLack(lineage, meta)}`, {
    hint: hints.join('\n'),
    ...(diff === '' ? {} : { output: shortDiff(diff) }),
  });
}

/** In a sentence: what this folder lacks, who applied it, when and from where. */
export function describeLack({ what, older }: Lacking, meta: AppliedMeta | undefined): string {
  const thing = what === 'recipes' ? 'recipes' : 'a host file';
  const lack = `The host was last applied from ${thing} that this folder does not have${older ? ' (the one here is older)' : ''}`;
  if (!meta) return `${lack}.`;
  const { by, when, folder, file, git } = meta;
  const checkout = git ? `, ${describeCheckout(git)}` : '';
  const time = `${when.slice(0, 16).replace('T', ' ')} UTC`;
  return `${lack}: by ${by}, ${time}, from ${folder}/${file.split('/').at(-1)}${checkout}.`;
}

function describeCheckout({ commit, branch, dirty }: NonNullable<AppliedMeta['git']>): string {
  const edits = dirty ? ' with edits that were not committed' : '';
  return `${branch === undefined ? '' : `branch ${branch}, `}commit ${commit.slice(0, 8)}${edits}`;
}

function shortDiff(diff: string): string {
  const changed = diff.split('\n').filter((line) => /^[-+]/.test(line));
  const left = changed.length - DIFF_LINES;
  return [
    '- as it is on the host, + as it is here',
    ...changed.slice(0, DIFF_LINES),
    ...(left > 0 ? [`… ${left} more lines differ`] : []),
  ].join('\n');
}

/** The host's connection as `--from` and `--connect` take it. */
function targetWord({ connect }: Host): string {
  if (connect.kind !== 'ssh') return connect.kind;
  const { user, host, port } = connect;
  const name = host.includes(':') ? `[${host}]` : host;
  const place = `${user === undefined ? '' : `${user}@`}${name}${port === undefined ? '' : `:${port}`}`;
  return user === undefined ? `ssh://${place}` : place;
}
