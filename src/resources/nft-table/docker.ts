import { joinShell, type Shell, sh } from '../../quote.ts';
import type { NftTableSpec } from '../nft-table.ts';

/**
 * True when Docker's chain lets through what the table passes on. Docker refuses what it did not make itself, and asks
 * DOCKER-USER before.
 */
export function dockerAccepts({ docker }: NftTableSpec): Shell {
  if (docker.length === 0) return sh`:`;
  return joinShell(
    docker.map(
      ({ family, words }) =>
        sh`${family === 6 ? 'ip6tables' : 'iptables'} -w -C DOCKER-USER ${[...words]} 2>/dev/null`,
    ),
    ' && ',
  );
}
