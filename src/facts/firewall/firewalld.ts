/** firewalld, as `firewall-cmd --list-all-zones` shows it. */
export interface Firewalld {
  readonly running: boolean;
  /** The zone of every interface that no zone names: of most, where NetworkManager is not in charge. */
  readonly defaultZone: string;
  /** Zones that have an interface or a source, and the default zone. */
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

/** Reads `DefaultZone=` of firewalld.conf and the list of zones; anything else gives "not running". */
export function readFirewalld(text: string): Firewalld {
  if (!/^running$/m.test(text)) return { running: false, defaultZone: '', zones: [] };
  const defaultZone = /^DefaultZone=(\S+)$/m.exec(text)?.[1] ?? 'public';
  const zones = text
    .split(/\n(?=\S)/)
    .map(readZone)
    .filter(
      ({ name, interfaces, sources }) => name === defaultZone || interfaces.length + sources.length > 0,
    );
  return { running: true, defaultZone, zones };
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
