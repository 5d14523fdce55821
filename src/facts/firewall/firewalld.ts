/** firewalld, as `firewall-cmd --list-all-zones` shows it. */
export interface Firewalld {
  readonly running: boolean;
  /** Zones that have an interface or a source. */
  readonly zones: readonly FirewalldZone[];
}

export interface FirewalldZone {
  readonly name: string;
  /** `default`, `ACCEPT`, `DROP` or `%%REJECT%%`. */
  readonly target: string;
  readonly interfaces: readonly string[];
  readonly sources: readonly string[];
  /** `80/tcp`, `6000-6007/udp`. */
  readonly ports: readonly string[];
  readonly services: readonly string[];
}

/** Reads the list of zones; anything else gives "not running". */
export function readFirewalld(text: string): Firewalld {
  if (!/^running$/m.test(text)) return { running: false, zones: [] };
  const zones = text
    .split(/\n(?=\S)/)
    .map(readZone)
    .filter(({ interfaces, sources }) => interfaces.length + sources.length > 0);
  return { running: true, zones };
}

function readZone(text: string): FirewalldZone {
  const values = (key: string): string[] => {
    const line = new RegExp(`^  ${key}: *(.*)$`, 'm').exec(text)?.[1] ?? '';
    return line.split(' ').filter((word) => word !== '');
  };
  return {
    // The line reads `public`, `public (active)` or `public (default, active)`.
    name: /^\S+/.exec(text.trimStart())?.[0] ?? '',
    target: values('target')[0] ?? 'default',
    interfaces: values('interfaces'),
    sources: values('sources'),
    ports: values('ports'),
    services: values('services'),
  };
}
