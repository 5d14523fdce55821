/** What a machine of the lab is made of. Each machine has a file of its own beside this one. */
import type { Image } from '../images.ts';
import type { NodeName } from '../places.ts';

/** A text file laid into a machine before it starts. */
export interface NodeFile {
  readonly text: string;
  /** 0644 by default. */
  readonly mode?: number;
  /** Owner and group, also of folders that are made for it; root by default. */
  readonly uid?: number;
}

export interface Node {
  readonly name: NodeName;
  readonly image: Image;
  readonly files: Readonly<Record<string, NodeFile>>;
  /** Starts its services in the background; without it the machine boots with systemd. */
  readonly start?: string;
}
