import { STATE_DIRECTORY } from '../connect/program.ts';
import { HostError } from '../errors.ts';
import type { Facts } from '../facts/facts.ts';
import type { Blob } from '../resources/kind.ts';
import { span } from '../span.ts';

/** Seconds between the two clocks that are worth a word. */
const CLOCKS_APART = 300;

/** Bytes that a run's own records may take besides what is uploaded: originals, output, events. */
const RECORDS = 16 * 1024 * 1024;

/** Files and folders of a run's records: of each run, and of each of its steps. */
const INODES = { run: 64, step: 8 } as const;

/** What a run is going to put on the host. */
interface Load {
  readonly script: { readonly text: string };
  readonly blobs: readonly Pick<Blob, 'size'>[];
  readonly steps: number;
}

type Runs = Pick<Facts, 'runs'>;

/**
 * Refuses a run for which the host is not ready, before anything is sent to it.
 * @throws {HostError} with figures and the remedy.
 */
export function refuseUnready({ runs }: Runs, { script, blobs, steps }: Load): void {
  const { system, readOnly, room } = runs;
  if (system === 'stopping') {
    throw new HostError('The host is going down.', {
      hint: 'Nothing was changed. Run the same command again once it is up.',
    });
  }
  if (system === 'maintenance') {
    throw new HostError('The host is in rescue mode: its services are not started.', {
      hint: 'Nothing was changed. Mend what keeps it from starting (journalctl -xb on it), then `systemctl default`.',
    });
  }
  if (readOnly) {
    throw new HostError(`On the host nothing can be written to ${readOnly.join(' and ')}.`, {
      hint: 'Nothing was changed. A file system becomes read-only after an error of its disk: see `dmesg` and `findmnt -o TARGET,OPTIONS` on the host; then `mount -o remount,rw`.',
    });
  }
  const bytes = blobs.reduce((sum, { size }) => sum + size, Buffer.byteLength(script.text)) + RECORDS;
  if (room && room.bytes < bytes) {
    const need = `This run needs ${megabytes(bytes)} there, of which ${megabytes(RECORDS)} for its records`;
    throw new HostError(`The host has ${megabytes(room.bytes)} free in ${STATE_DIRECTORY}. ${need}.`, {
      hint: `Nothing was changed. Make room on that file system: \`df -h ${STATE_DIRECTORY}\`, \`apt-get clean\`, \`journalctl --vacuum-size=100M\`.`,
    });
  }
  const inodes = blobs.length + INODES.run + INODES.step * steps;
  if (room?.inodes !== undefined && room.inodes < inodes) {
    throw new HostError(
      `The file system of ${STATE_DIRECTORY} on the host can hold ${room.inodes} more files. This run needs ${inodes}.`,
      {
        hint: `Nothing was changed. Remove files that are not needed there: \`df -i ${STATE_DIRECTORY}\`, \`du --inodes -xd2 /var | sort -n\`.`,
      },
    );
  }
}

/**
 * What a person should know of the host's state; nothing when all is as usual.
 * @param now seconds since 1970
 */
export function hostNotes({ runs }: Runs, now: number): readonly string[] {
  const { clock, system } = runs;
  const off = clock === undefined ? 0 : clock - Math.round(now);
  return [
    ...(Math.abs(off) > CLOCKS_APART
      ? [
          `The clock of the host is ${span(off)} ${off > 0 ? 'ahead of' : 'behind'} this computer's. Times in its journal and logs are wrong, and certificates may not be valid there: see \`timedatectl\` on it.`,
        ]
      : []),
    ...(system === 'starting' || system === 'initializing'
      ? ['The host is still starting: not all of its services are up yet.']
      : []),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
