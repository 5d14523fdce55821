/** What tells ProFTPD's service to read our file, in a sandbox. */
export const OUR_PROFTPD = '/etc/systemd/system/proftpd.service.d/hostwright.conf';
