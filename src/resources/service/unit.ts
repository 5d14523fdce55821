/** Types of unit that can be started; anything else after the last dot belongs to the name. */
const SUFFIX = /\.(?:service|socket|timer|path|mount|target)$/;

/** A unit as systemd sees it, in the words of systemctl(1). */
export interface ServiceState {
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  /** Empty while there is no unit file. */
  readonly file: string;
}

/** The unit's full name: `nginx.service`. */
export function unitOf({ name }: { readonly name: string }): string {
  return SUFFIX.test(name) ? name : `${name}.service`;
}

export function isMasked({ load, file }: ServiceState): boolean {
  return load === 'masked' || file.startsWith('masked');
}
