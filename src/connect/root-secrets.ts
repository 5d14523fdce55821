/** Passwords that made us root, kept in memory for the rest of a run so that the next channel need not ask. */
export interface RootSecrets {
  sudo: string | undefined;
  root: string | undefined;
}

/** An empty set; share it among the channels of one run. */
export function rootSecrets(): RootSecrets {
  return { sudo: undefined, root: undefined };
}
