/** The cables of the home network: namespaces, a bridge, pairs of virtual interfaces. Nothing touches this computer's own network. */
import { joinShell, type Shell, sh } from '../quote.ts';
import { makeGroups } from './cgroup.ts';
import { ADDRESSES, BOX_MAC, LAN, ROUTER_MAC, WAN } from './network.ts';
import { machineName, NODES, type NodeName, SWITCH } from './places.ts';
import { must } from './run.ts';

/**
 * Lays the cables of a lab and gives the machines with fixed addresses theirs; the box gets its by DHCP.
 * @throws {HostError} when the kernel refuses.
 */
export async function layWires(name: string): Promise<void> {
  // In the lab's own control group: should we be killed, `lab down` ends the script before it looks for namespaces.
  const join = makeGroups(name, 'wires').map((group) => sh`echo $$ > ${group}/cgroup.procs`);
  const script = joinShell([sh`set -eu`, ...join, wiring(name)]);
  await must('Setting up the network of the lab', ['sh', '-s'], { input: script.text });
}

/** The script that does it. */
export function wiring(name: string): Shell {
  const net = (node: NodeName | typeof SWITCH): string => machineName(name, node);
  const all = [...NODES, SWITCH] as const;
  return joinShell([
    ...all.map((node) => namespace(net(node), node === 'router' || node === 'internet')),
    sh`ip -n ${net(SWITCH)} link add br0 type bridge mcast_snooping 0
ip -n ${net(SWITCH)} link set br0 up`,
    ...(['laptop', 'phone', 'box'] as const).map((node) =>
      plug(net(node), net(SWITCH), node, 'eth0', node === 'box' ? BOX_MAC : undefined),
    ),
    // A machine in the box brings its own interface up, like any other.
    ...(['laptop', 'phone'] as const).map((node) => lanMachine(net(node), ADDRESSES[node])),
    routerCables(name),
  ]);
}

/** The router's cables, to the switch and to the provider, and the addresses at their ends. */
function routerCables(name: string): Shell {
  const [router, internet] = [machineName(name, 'router'), machineName(name, 'internet')];
  return joinShell([
    plug(router, machineName(name, SWITCH), 'router', 'lan', ROUTER_MAC),
    sh`ip link add wan netns ${router} type veth peer name eth0 netns ${internet}`,
    ip(router, 'lan', [`${LAN.router.v4}/24`, `${LAN.router.gua}/64`, `${LAN.router.ula}/64`]),
    ip(router, 'wan', [`${WAN.router.v4}/24`, `${WAN.router.v6}/64`]),
    ip(internet, 'eth0', [`${WAN.internet.v4}/24`, `${WAN.internet.v6}/64`]),
    sh`ip -n ${router} route add default via ${WAN.internet.v4}
ip -n ${router} -6 route add default via ${WAN.internet.v6}
ip -n ${internet} -6 route add ${LAN.gua} via ${WAN.router.v6}`,
  ]);
}

/**
 * Gives a machine that starts again a new network namespace and cables in place of the ones it had: addresses, routes,
 * firewall rules and sysctls do not outlive a kernel. Only the box and the router start again.
 */
export function renewNetwork(name: string, node: NodeName): Shell {
  if (node === 'box') return renewBox(name);
  return node === 'router' ? renewRouter(name) : sh`:`;
}

function renewRouter(name: string): Shell {
  const router = machineName(name, 'router');
  return joinShell([
    sh`ip -n ${machineName(name, SWITCH)} link delete router
ip -n ${router} link delete wan
ip netns delete ${router}
sleep 1`,
    namespace(router, true),
    routerCables(name),
  ]);
}

function renewBox(name: string): Shell {
  const box = machineName(name, 'box');
  return joinShell([
    sh`ip -n ${machineName(name, SWITCH)} link delete box
ip netns delete ${box}`,
    namespace(box, false),
    plug(box, machineName(name, SWITCH), 'box', 'eth0', BOX_MAC),
  ]);
}

/** Without duplicate address detection, which waits a second for each address: nobody else is there. */
function namespace(net: string, forwards: boolean): Shell {
  const settings = forwards
    ? sh`echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`
    : sh`:`;
  const script = sh`set -eu
for what in all default; do
  echo 0 > /proc/sys/net/ipv6/conf/$what/disable_ipv6
  echo 0 > /proc/sys/net/ipv6/conf/$what/accept_dad
done
${settings}`;
  return sh`ip netns add ${net}
nsenter --net=${`/run/netns/${net}`} sh -c ${script.text}
ip -n ${net} link set lo up`;
}

/** A cable from a machine to the switch. */
function plug(net: string, lan: string, port: string, device: string, mac?: string): Shell {
  const address = mac === undefined ? sh`` : sh`address ${mac}`;
  return sh`ip link add ${device} netns ${net} ${address} type veth peer name ${port} netns ${lan}
ip -n ${lan} link set ${port} master br0 up`;
}

function lanMachine(net: string, [v4 = '', gua = '', ula = '']: readonly string[]): Shell {
  return sh`${ip(net, 'eth0', [`${v4}/24`, `${gua}/64`, `${ula}/64`])}
ip -n ${net} route add default via ${LAN.router.v4}
ip -n ${net} -6 route add default via ${LAN.router.gua}`;
}

function ip(net: string, device: string, addresses: readonly string[]): Shell {
  return joinShell([
    ...addresses.map((address) => sh`ip -n ${net} addr add ${address} dev ${device}`),
    sh`ip -n ${net} link set ${device} up`,
  ]);
}
