import { createTwoFilesPatch } from 'diff';

/** Lines of context around a change. */
const CONTEXT = 3;

/** Milliseconds after which a diff of two large texts is given up. */
const TIMEOUT = 1_000;

/**
 * A unified diff (POSIX diff -u) without its header, or a sentence when the contents are not text or take too long.
 * `before` is undefined for a new file and null when the host did not send the old content.
 */
export function textDiff(before: Buffer | null | undefined, after: Buffer): string {
  if (before === null) return 'The old content is too large to show.';
  if (isBinary(before) || isBinary(after)) return 'Binary content.';
  const patch = createTwoFilesPatch(
    'before',
    'after',
    before?.toString('utf8') ?? '',
    after.toString('utf8'),
    '',
    '',
    {
      context: CONTEXT,
      timeout: TIMEOUT,
    },
  );
  if (patch === undefined) return 'The contents differ in too many places to show.';
  return patch.split('\n').slice(3).join('\n').trimEnd();
}

function isBinary(content: Buffer | undefined): boolean {
  return content?.includes(0) ?? false;
}
