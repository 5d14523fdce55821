import { AGENT } from '../../agent/places.ts';

/** Names of the agent's units, as systemd and people know them. */
export const UNITS = {
  resident: 'hostwright-agent',
  certificates: 'hostwright-agent-certificates',
  install: 'hostwright-agent-install',
} as const;

/** What no part of the agent needs (systemd.exec(5)). Node writes the code that it runs, so memory may be both. */
const CONFINED = `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`;

/** What runs as the agent's user, which owns its home and can write nothing else. */
const AS_AGENT = `User=${AGENT.user}
Group=${AGENT.user}
ReadWritePaths=${AGENT.home}
UMask=0022
CapabilityBoundingSet=
ProtectProc=invisible
ProcSubset=pid
PrivateUsers=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
${CONFINED}SystemCallFilter=~@privileged @resources
# ip(8), which tells addresses, first gives up what capabilities it may have, and ends where it can’t.
SystemCallFilter=capset
`;

const WRITTEN = '# Written by hostwright.\n';

/** Keeps router mappings and dynamic names; one process, which sleeps nearly all the time. */
export const RESIDENT = `${WRITTEN}[Unit]
Description=hostwright agent: router mappings and dynamic DNS
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/node --max-old-space-size=48 ${AGENT.main} stay
Restart=always
RestartSec=10
TimeoutStopSec=20
${AS_AGENT}
[Install]
WantedBy=multi-user.target
`;

/** Gets and renews what is due, and ends. */
export const CERTIFICATES = `${WRITTEN}[Unit]
Description=hostwright agent: certificates that are due
Wants=network-online.target
After=network-online.target
# A run starts it once for each new certificate.
StartLimitIntervalSec=0

[Service]
Type=oneshot
# Node.js is started only when there is something to do, and then it is told in the journal.
ExecCondition=/bin/sh ${AGENT.code}/certificates-due
ExecStart=/usr/bin/node --max-old-space-size=64 ${AGENT.main} certificates
SyslogLevel=notice
LogLevelMax=notice
TimeoutStartSec=20min
Nice=5
${AS_AGENT}`;

/** A shell looks every few minutes whether something is due; not at the same second as every other machine. */
export const CERTIFICATES_TIMER = `${WRITTEN}[Unit]
Description=hostwright agent: looks which certificates are due

[Timer]
OnCalendar=*:0/5
RandomizedDelaySec=4min
AccuracySec=30s
# A machine that was off at that time makes up for it.
Persistent=true

[Install]
WantedBy=timers.target
`;

/** Wakes root's script when the agent has left a new certificate. */
export const INSTALL_PATH = `${WRITTEN}[Unit]
Description=hostwright agent: waits for new certificates

[Path]
PathExistsGlob=${AGENT.ready}/*/fullchain.pem

[Install]
WantedBy=multi-user.target
`;

/**
 * Root's part: it becomes the agent's user to read what is there (SETUID, SETGID), gives files away (CHOWN, FOWNER,
 * DAC_OVERRIDE), and asks nginx whether it could start (NET_BIND_SERVICE).
 */
export const INSTALL = `${WRITTEN}[Unit]
Description=hostwright agent: puts new certificates into place
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh ${AGENT.code}/install-certificates
TimeoutStartSec=3min
ReadWritePaths=/etc/ssl/hostwright ${AGENT.home} -/run -/var/log/nginx -/var/lib/nginx -/var/log/proftpd
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE CAP_NET_BIND_SERVICE
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
MemoryDenyWriteExecute=yes
ProtectProc=invisible
ProcSubset=pid
${CONFINED}SystemCallFilter=~@resources
`;
