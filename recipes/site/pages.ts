import type { PlanNote } from '../../src/compose/recipe.ts';
import type { Folder } from '../../src/host/folder.ts';

/** Answers beyond this size are not read when checking. Bytes. */
const READ_WHEN_CHECKING = 1_048_576;

/** The request that proves the site: the front page by its content, else the first page there is. */
export function pageToProve({ files }: Folder): { path: string; status: number; sha256?: string } {
  const front = files.find(({ path }) => path === 'index.html');
  const notFound = files.some(({ path }) => path === '404.html');
  // Only names that are the same in an address: the rest would have to be percent-encoded.
  const page =
    front ?? files.find(({ path }) => path !== '404.html' && /^\w[\w-]*(?:[./][\w-]+)*$/.test(path));
  if (!page) return { path: '/', status: notFound ? 404 : 403 };
  const content = page.size <= READ_WHEN_CHECKING ? { sha256: page.sha256 } : {};
  return { path: front ? '/' : `/${page.path}`, status: 200, ...content };
}

/** What somebody should know before this folder is public. */
export function remarks({ files }: Folder, folder: string): Omit<PlanNote, 'role'>[] {
  const notes: Omit<PlanNote, 'role'>[] = [];
  if (!files.some(({ path }) => path === 'index.html'))
    notes.push({ level: 'warning', text: `${folder} has no index.html: the site has no front page.` });
  const hidden = files.filter(({ path }) => /(?:^|\/)\.(?!well-known(?:\/|$))|~$/.test(path));
  const [first] = hidden;
  if (first) {
    const more = hidden.length > 1 ? ` and ${hidden.length - 1} more` : '';
    notes.push({
      level: 'warning',
      text: `${folder} holds ${first.path}${more}: uploaded with the rest, but not served. Better keep it elsewhere.`,
    });
  }
  return notes;
}
