import { describe, expect, it } from 'vitest';
import { forwardFilters } from '../../../src/facts/firewall/chains.ts';
import { fact } from '../../../src/facts/probes/firewall.ts';

const chain = (table: string, more: Readonly<Record<string, string>> = {}) => ({
  chain: { family: 'inet', table, name: 'forward', hook: 'forward', type: 'filter', policy: 'drop', ...more },
});
const read = (...items: readonly unknown[]) => fact.parse(`##nft\n${JSON.stringify({ nftables: items })}\n`);

describe('what forward chains refuse', () => {
  it('finds one made by hand', () => {
    expect(read(chain('mine')).forwardFilters).toEqual([
      { family: 'inet', table: 'mine', chain: 'forward', because: 'its policy is drop' },
    ]);
  });

  it('leaves out our own tables, one that accepts, and those of Docker and libvirt', () => {
    const found = read(
      chain('hostwright_forward_cam'),
      chain('open', { policy: 'accept' }),
      chain('libvirt_network'),
      chain('filter', { family: 'ip', name: 'FORWARD' }),
      { chain: { family: 'ip', table: 'filter', name: 'DOCKER-USER' } },
    );
    expect(found.forwardFilters).toEqual([]);
    expect(found.ours.present).toBe(false);
  });

  it('takes a FORWARD chain without Docker for one made by hand', () => {
    const rules = [] as const;
    const forward = { family: 'ip', table: 'filter', name: 'FORWARD', rules };
    expect(forwardFilters([{ ...forward, hook: 'forward', type: 'filter', policy: 'drop' }])).toHaveLength(1);
  });
});
