import { isIP } from 'node:net';
import { readSshPlace } from '../host/target.ts';
import type { Prompts } from './prompts.ts';

/** Asks how to reach the machine; the answer is the value of `connect:`. */
export async function askConnect(prompts: Prompts): Promise<unknown> {
  const way = await prompts.select({
    message: 'Which machine is it?',
    choices: [
      { name: 'another machine, over SSH', value: 'ssh' },
      { name: 'this machine', value: 'local' },
      { name: 'a throwaway machine in a simulated home network, to try things', value: 'lab' },
    ],
  });
  if (way !== 'ssh') return way;
  const ssh = await prompts.input({
    message: 'Its address, as for ssh, such as pi@192.168.1.20:',
    check: (text) => {
      const place = readSshPlace(text);
      if (!('message' in place)) return undefined;
      return place.hint === undefined ? place.message : `${place.message}. ${place.hint}`;
    },
  });
  return { ssh };
}

/** The host's name where none is given: the one it is reached by. */
export function nameFor(connect: unknown, thisMachine: string): string {
  if (connect === 'local') return firstLabel(thisMachine);
  if (connect === 'lab') return 'box';
  const ssh = typeof connect === 'object' && connect !== null && 'ssh' in connect ? connect.ssh : connect;
  if (typeof ssh !== 'string') return 'server';
  const place = readSshPlace(ssh);
  return 'message' in place || isIP(place.host) !== 0 ? 'server' : firstLabel(place.host);
}

function firstLabel(name: string): string {
  const label = name.split('.')[0]?.toLowerCase() ?? '';
  return /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label) ? label : 'server';
}
