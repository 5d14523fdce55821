import { HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { machineArgv } from './exec.ts';
import { ADDRESSES } from './network.ts';
import { asRoot } from './root.ts';
import { lastLines, run } from './run.ts';

/**
 * Has the router pass TCP ports on to the laptop, by UPnP, as a program there would.
 * @throws {HostError} when the router does not do it.
 */
export async function takePorts(lab: string, ports: readonly number[]): Promise<void> {
  // -i: the lab's public addresses are documentation ranges, which upnpc takes for those behind another NAT. It ends with
  // 0 also where the router refused. miniupnpd may not listen yet.
  const script = sh`for port in ${ports.map(String)}; do
  for try in 1 2 3 4 5; do
    said=$(upnpc -i -a ${ADDRESSES.laptop[0] ?? ''} "$port" "$port" TCP 2>&1)
    case $said in *' is redirected to '*) continue 2 ;; esac
    sleep 0.5
  done
  printf '%s\n' "$said"
  exit 1
done`;
  const { code, stdout } = await run(asRoot(machineArgv(lab, 'laptop', ['sh', '-c', script.text])));
  if (code === 0) return;
  throw new HostError(`The router of the lab ${lab} does not give its ports to the laptop`, {
    output: lastLines(stdout, 6),
  });
}
