/** What the units need to know. */
interface UnitSettings {
  readonly role: string;
  readonly title: string;
  readonly user: string;
  readonly unit: string;
}

/** The service that makes the nightly dump. It reaches the server by its socket, and writes nowhere but into its folder. */
export function dumpService({
  role,
  title,
  user,
  unit,
  folder,
  program,
}: UnitSettings & { readonly folder: string; readonly program: string }): string {
  return `# Written by hostwright (role ${role}).
[Unit]
Description=Nightly dump of ${title} (${role})
After=${unit}
RequiresMountsFor=${folder}

[Service]
Type=oneshot
User=${user}
ExecStart=${program} nightly
# Whoever uses the machine meanwhile goes first.
Nice=10
IOSchedulingClass=idle
UMask=0077
# It needs the server's socket and its own folder, and nothing else.
ProtectSystem=strict
ReadWritePaths=${folder}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
IPAddressDeny=any
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
`;
}

/** Every night, not at the same minute as every other machine; after a night that the machine slept through, at once. */
export function dumpTimer({ role, title }: Pick<UnitSettings, 'role' | 'title'>): string {
  return `# Written by hostwright (role ${role}).
[Unit]
Description=Nightly dump of ${title} (${role})

[Timer]
OnCalendar=*-*-* 02:30:00
RandomizedDelaySec=45min
# A machine that was off at that time makes up for it.
Persistent=true

[Install]
WantedBy=timers.target
`;
}
