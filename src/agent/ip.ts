import { execFile } from 'node:child_process';

/** What iproute2 shows, as far as anybody knows: fields are looked at before they are used. */
export type Shown = Readonly<Record<string, unknown>>;

/** Milliseconds, and bytes of an answer. */
const TIMEOUT = 5_000;
const MOST = 1024 * 1024;

/** Asks the kernel by iproute2's JSON. Never rejects: what can't be read is told, and nothing comes back. */
export function ip(words: readonly string[], tell: (text: string) => void): Promise<readonly Shown[]> {
  return new Promise((resolve) => {
    execFile(
      'ip',
      ['-j', ...words],
      { timeout: TIMEOUT, maxBuffer: MOST, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
      (error, stdout) => {
        if (error) tell(`Addresses can’t be read (ip ${words.join(' ')}): ${error.message.slice(0, 300)}`);
        try {
          resolve(error ? [] : shownIn(JSON.parse(stdout)));
        } catch {
          resolve([]);
        }
      },
    );
  });
}

/** The objects in a list; nothing for whatever is none. Pure. */
export function shownIn(value: unknown): readonly Shown[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is Shown => typeof one === 'object' && one !== null);
}

/** The default route of a family that the kernel prefers (ip-route(8)). */
export async function defaultRoute(
  family: '-4' | '-6',
  tell: (text: string) => void,
): Promise<Shown | undefined> {
  const routes = await ip([family, 'route', 'show', 'default'], tell);
  return [...routes].sort((one, other) => metric(one) - metric(other))[0];
}

function metric({ metric: value }: Shown): number {
  return typeof value === 'number' ? value : 0;
}
