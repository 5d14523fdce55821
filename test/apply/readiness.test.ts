import { describe, expect, it } from 'vitest';
import { hostNotes, refuseUnready } from '../../src/apply/readiness.ts';
import { HostError } from '../../src/errors.ts';
import { fact } from '../../src/facts/probes/runs.ts';
import { requireSupported } from '../../src/facts/read-facts.ts';

const NOW = 1_800_000_000;
const usual = { room: { bytes: 1e9, inodes: 10_000 }, clock: NOW, system: 'running' };
const load = { script: { text: 'x'.repeat(1000) }, blobs: [{ size: 5_000_000 }, { size: 1 }], steps: 10 };
const refusal = (runs: object): HostError => {
  try {
    refuseUnready({ runs: { format: 2, ...usual, ...runs } }, load);
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('a host that is not ready', () => {
  it('is refused with figures when its disk is full', () => {
    const { message, hint } = refusal({ room: { bytes: 3_100_000 } });
    expect(message).toContain('3.1 MB free in /var/lib/hostwright');
    expect(message).toContain('needs 21.8 MB');
    expect(hint).toContain('Nothing was changed');
    expect(hint).toContain('apt-get clean');
  });

  it('is refused when it can hold no more files', () => {
    expect(refusal({ room: { bytes: 1e9, inodes: 40 } }).message).toMatch(/hold 40 more files.* needs 146/);
  });

  it('is refused when nothing can be written, in rescue mode, and while it goes down', () => {
    expect(refusal({ readOnly: ['/etc'] }).message).toContain('nothing can be written to /etc');
    expect(refusal({ system: 'maintenance' }).message).toContain('rescue mode');
    expect(refusal({ system: 'stopping' }).message).toContain('going down');
  });

  it('is not refused when all is as usual, degraded or still starting, nor when figures are missing', () => {
    for (const runs of [usual, { ...usual, system: 'degraded' }, { ...usual, system: 'starting' }, {}])
      expect(() => refuseUnready({ runs: { format: 2, ...runs } }, load)).not.toThrow();
  });

  it('is refused without systemd, in clear words', () => {
    const os = {
      id: 'debian',
      version: '12',
      codename: '',
      name: 'Debian 12',
      arch: 'amd64',
      hostname: 'a',
      memoryMiB: 1,
    };
    const facts = { os: { ...os, systemd: false }, runs: { format: 0 } } as never;
    expect(() => requireSupported(facts, 'pi@attic')).toThrow('pi@attic (Debian 12) is not run by systemd.');
  });
});

describe('what is said of a host', () => {
  it('is nothing when all is as usual, and which way its clock is off when it is', () => {
    const notes = (runs: object) => hostNotes({ runs: { format: 2, ...usual, ...runs } }, NOW);
    expect(notes({})).toEqual([]);
    expect(notes({ clock: NOW - 3 * 86_400 })[0]).toContain('is 3 days behind this computer');
    expect(notes({ clock: NOW + 7_000 })[0]).toContain('is 2 hours ahead of');
    expect(notes({ system: 'starting' })[0]).toContain('still starting');
  });

  it('is read from what it prints', () => {
    const output = 'room 100 4096 0 0\nreadonly /etc\nclock 1800000000\nsystem degraded\nformat 2\n';
    expect(fact.parse(output)).toEqual({
      ...{ format: 2, room: { bytes: 409_600 }, readOnly: ['/etc'], clock: NOW, system: 'degraded' },
    });
    expect(fact.parse('')).toEqual({ format: 0 });
  });
});
