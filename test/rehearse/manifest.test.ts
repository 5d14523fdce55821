import { describe, expect, it } from 'vitest';
import { differences, parseManifest } from '../../src/rehearse/manifest.ts';

const withRules = (rules: string) => parseManifest(`firewall ${Buffer.from(rules).toString('base64')}\n`);
const table = (name: string, ...rules: readonly string[]) =>
  `table inet ${name} {\n\tchain input {\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`;
const ONE = table('one', 'tcp dport 22 accept', 'tcp dport 80 drop');
const OTHER = table('other', 'udp dport 53 accept');

describe('the firewall in a manifest', () => {
  it('is the same when its tables were loaded in another order', () => {
    expect(differences(withRules(ONE + OTHER), withRules(OTHER + ONE))).toEqual([]);
  });

  it('is another one when its rules are in another order, or a table is gone', () => {
    const turned = table('one', 'tcp dport 80 drop', 'tcp dport 22 accept');
    expect(differences(withRules(ONE + OTHER), withRules(turned + OTHER))).not.toEqual([]);
    expect(differences(withRules(ONE + OTHER), withRules(ONE))).not.toEqual([]);
  });
});
