import { createHash } from 'node:crypto';
import type { NftTableSpec } from '../nft-table.ts';

/** Where the files of our tables lie. */
export const FOLDER = '/etc/hostwright/nftables';

/** One file of a table. Owner and group are root, the mode is 0644. */
interface TableFile {
  readonly path: string;
  readonly content: string;
  /** Hex SHA-256. */
  readonly sha256: string;
}

/** Everything that a table puts on a host, in the order in which it is put in place. */
interface Places {
  /** As nft(8) names it; hyphens are not allowed there. */
  readonly table: string;
  readonly rules: TableFile;
  readonly unit: TableFile;
  /** `hostwright-nft-forward-cam.service`. */
  readonly unitName: string;
  /** What `systemctl enable` makes of `WantedBy=sysinit.target`. */
  readonly link: string;
}

/** The name of the nftables table for `forward-cam`, in the family inet: `hostwright_forward_cam`. */
export function tableName(name: string): string {
  return `hostwright_${name.replaceAll('-', '_')}`;
}

/** The file of the rules of `forward-cam`. */
export function rulesPath(name: string): string {
  return `${FOLDER}/${name}.nft`;
}

export function placesOf({ name, rules, unit }: NftTableSpec): Places {
  const unitName = `hostwright-nft-${name}.service`;
  return {
    table: tableName(name),
    rules: file(rulesPath(name), rules),
    unit: file(`/etc/systemd/system/${unitName}`, unit),
    unitName,
    link: `/etc/systemd/system/sysinit.target.wants/${unitName}`,
  };
}

function file(path: string, content: string): TableFile {
  return { path, content, sha256: createHash('sha256').update(content).digest('hex') };
}
