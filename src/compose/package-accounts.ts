/** The accounts that services work under, which Debian's packages make when they are installed. */
const ACCOUNTS: Readonly<Record<string, readonly string[]>> = {
  bind9: ['bind'],
  chrony: ['_chrony'],
  'mariadb-server': ['mysql'],
  'openssh-server': ['sshd'],
  'proftpd-core': ['ftp', 'proftpd'],
};

/** Accounts that a package makes; of packages that no recipe uses nothing is known. */
export function accountsOf(packageName: string): readonly string[] {
  return ACCOUNTS[packageName] ?? (/^postgresql-\d+$/.test(packageName) ? ['postgres'] : []);
}
