import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostwright, type WorkingFolder, workingFolder } from '../lab/support/hostwright.ts';

let folder: WorkingFolder;
beforeEach(() => {
  folder = workingFolder({ 'host.yaml': 'host: attic\nconnect: local\nroles: {}\n' });
});
afterEach(() => folder.remove());

describe('hostwright rehearse, before any lab is started', () => {
  it.each([
    ['a driver that is not there yet', ['--driver', 'vagrant'], '--driver vagrant is not there yet'],
    ['a driver that nobody knows', ['--driver', 'cloud'], 'there is no such driver'],
    ['a scenario that there is not', ['--scenario', 'cgnat'], 'There are: upnp-off, natpmp-only'],
    ['a scenario with a slip', ['--scenario', 'upnp-of'], 'Did you mean "upnp-off"?'],
    ['a release', ['--release', 'buster'], 'bookworm'],
    ['a script that is not there', ['--before', 'none.sh'], '--before none.sh: the script cannot be read'],
    ['a host file that is not there', ['other.yaml'], 'other.yaml'],
  ])('refuses %s', async (_, words, message) => {
    const { code, stdout, stderr } = await hostwright(['rehearse', ...words], folder.path);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
