/** The accounts that services work under, which Debian's packages make when they are installed. */
const ACCOUNTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['bind9', ['bind']],
  ['chrony', ['_chrony']],
  ['mariadb-server', ['mysql']],
  ['openssh-server', ['sshd']],
  ['proftpd-core', ['ftp', 'proftpd']],
]);

/** Accounts that a package makes; of packages that no recipe uses nothing is known. */
export function accountsOf(packageName: string): readonly string[] {
  return ACCOUNTS.get(packageName) ?? (/^postgresql-\d+$/.test(packageName) ? ['postgres'] : []);
}
