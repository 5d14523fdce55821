/**
 * What nginx's service may do, as a drop-in of its unit (systemd.exec(5)): what serving files, passing requests on,
 * keeping answers and writing logs takes. The same for every role, so all of them agree on it.
 */
export const SANDBOX = `# Made by hostwright. nginx serves, passes on, keeps answers and writes logs; it is confined to that.
# See what it comes to: systemd-analyze security nginx
[Service]
# Everything is read-only but its logs, its temporary files and what it keeps of answers. /run is for its pid.
ProtectSystem=strict
ReadWritePaths=/run /var/log/nginx /var/lib/nginx
# /var/cache/nginx, made by systemd where it is missing.
CacheDirectory=nginx
# Sites are in /var/www; nothing of anybody's home is served.
ProtectHome=yes
PrivateTmp=yes
# Hides disks, sound and the like; /dev/null and /dev/urandom stay.
PrivateDevices=yes

# It starts as root for ports below 1024 and hands its work to www-data, so of root it keeps: binding such ports (NET_BIND),
# becoming www-data (SETUID, SETGID), signals to the workers (KILL), and logs and caches that belong to www-data (the rest).
CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_KILL CAP_CHOWN CAP_DAC_OVERRIDE
# No program with the setuid bit can give it more.
NoNewPrivileges=yes
RestrictSUIDSGID=yes

# The kernel, the clock and the machine's name are not its business.
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
LockPersonality=yes
RestrictRealtime=yes
RestrictNamespaces=yes

# The network, the sockets of applications on this host, and nothing else that is a socket.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
# What systemd takes for usual in a service; anything else is refused as if the kernel did not have it.
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
SystemCallArchitectures=native

# It holds memory of programs that is writable or executable, never both.
MemoryDenyWriteExecute=yes
`;
