import { labCapture } from '../../../src/lab/exec.ts';
import type { MappingProtocols } from '../../../src/lab/mapping.ts';
import { router } from '../../../src/lab/nodes/router.ts';
import { rebootRouter } from '../../../src/lab/reboot-router.ts';
import { joinShell, sh } from '../../../src/quote.ts';

/** Restarts the router of a lab as one that answers these protocols, without another lab. */
export async function becomeRouter(name: string, protocols: MappingProtocols): Promise<void> {
  const { files, start = '' } = router(protocols);
  // The reservation of the box's address stays as it is.
  const kept = ['/etc/lab/firewall.nft', '/etc/lab/miniupnpd.conf'];
  const script = joinShell([
    sh`printf 'set -eu\n%swait\n' ${start} > /etc/lab/start`,
    ...kept.map((path) => sh`printf %s ${files[path]?.text ?? ''} > ${path}`),
  ]);
  const { code, stderr } = await labCapture(
    { name, node: 'router', argv: ['sh', '-eus'] },
    { input: script.text },
  );
  if (code !== 0) throw new Error(stderr);
  await rebootRouter(name);
}
