/** Our settings for sshd. It takes the first word on each, so the name comes before the others: `50-cloud-init.conf`. */
export const OUR_DROP_IN = '/etc/ssh/sshd_config.d/00-hostwright.conf';
