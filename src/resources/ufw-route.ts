import { z } from 'zod';
import { oneLine, port } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { familyOf } from '../facts/address.ts';
import { joinShell, type Shell, sh } from '../quote.ts';
import { defineKind } from './kind.ts';

const schema = z.strictObject({
  /** The machine that packets may be passed on to. */
  to: z.union([z.ipv4(), z.ipv6()]),
  protocol: z.enum(['tcp', 'udp']),
  port: port(),
  /** The last one of a range; absent: `port` alone. */
  lastPort: port().exactOptional(),
  /** What the rule is for: ufw's comment. One that begins with "hostwright" would be the firewall role's. */
  why: oneLine().refine((text) => /^[A-Za-z0-9 -]{1,80}$/.test(text), 'letters, digits, blanks and hyphens'),
});

type Spec = z.output<typeof schema>;

/** A rule of ufw that lets packets through to another machine (ufw(8), `ufw route`). */
export const kind = defineKind({
  name: 'ufw-route',
  describe: 'A rule of ufw that lets what is passed on through to another machine.',
  schema,
  key: (spec) => `${spec.protocol}/${spec.to}:${ports(spec)}`,

  observe: (specs) =>
    joinShell(specs.map((spec) => sh`if ${isThere(spec)}; then echo yes; else echo no; fi`)),

  parse(output, specs) {
    const lines = output.toString().split('\n').slice(0, -1);
    if (lines.length !== specs.length || !lines.every((line) => line === 'yes' || line === 'no'))
      throw new HostError("The host's answer about ufw was not understood.", { hint: 'Try again.' });
    return lines.map((line) => line === 'yes');
  },

  diff: (spec, there) =>
    there
      ? undefined
      : { action: 'create', summary: `let ${spec.protocol} ${ports(spec)} through to ${spec.to} in ufw` },

  step(spec) {
    const words = ['proto', spec.protocol, 'from', 'any', 'to', spec.to, 'port', ports(spec)];
    return {
      converged: isThere(spec),
      unmoved: sh`command -v ufw >/dev/null`,
      record: sh`! ${isThere(spec)} || : >"$HW_BEFORE"/there`,
      change: sh`ufw route allow ${words} comment ${spec.why}`,
      undo: sh`[ -e "$HW_BEFORE"/there ] || ! ${isThere(spec)} || ufw route delete allow ${words}`,
      remember: 'made',
    };
  },
});

function ports({ port: first, lastPort }: Spec): string {
  return lastPort === undefined || lastPort === first ? `${first}` : `${first}:${lastPort}`;
}

/** By the line that ufw writes above each rule in its files, up to the comment. */
function isThere(spec: Spec): Shell {
  const isFour = familyOf(spec.to) === 4;
  const file = isFour ? '/etc/ufw/user.rules' : '/etc/ufw/user6.rules';
  const tuple = `### tuple ### route:allow ${spec.protocol} ${ports(spec)} ${spec.to} any ${isFour ? '0.0.0.0/0' : '::/0'} in`;
  return sh`{ sed 's/ comment=.*//' ${file} 2>/dev/null | grep -qxF -e ${tuple}; }`;
}
