import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { machineArgv } from './exec.ts';
import { LAN } from './network.ts';
import { cutPower } from './power.ts';
import { asRoot } from './root.ts';
import { lastLines, run } from './run.ts';

/**
 * Restarts the router: for a second or two the LAN has none, then one that knows nothing of mappings and connections.
 * Waits until it answers again.
 * @throws {HostError} when it does not come back.
 */
export async function rebootRouter(lab: string): Promise<void> {
  await cutPower(lab, 'router');
  const script = sh`for try in $(seq 100); do
  dig +short +time=1 +tries=1 ${`@${LAN.router.v4}`} ${`router.${LAN.domain}`} 2>&1 | grep -qxF ${LAN.router.v4} && exit
  sleep 0.1
done
exit 1`;
  const { code, stderr } = await run(asRoot(machineArgv(lab, 'laptop', ['sh', '-c', script.text])));
  if (code === 0) return;
  throw new HostError(`The router of the lab ${lab} does not answer after its restart`, {
    output: lastLines(stderr, 6),
  });
}
