/** The cables of the home network: namespaces, a bridge, pairs of virtual interfaces. Nothing touches this computer's own network. */
import { joinShell, type Shell, sh } from '../quote.ts';
import { makeGroups } from './cgroup.ts';
import { ADDRESSES, BOX_MAC, LAN, WAN } from './network.ts';
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
    ...(['router', 'laptop', 'phone', 'box'] as const).map((node) =>
      plug(
        net(node),
        net(SWITCH),
        node,
        node === 'router' ? 'lan' : 'eth0',
        node === 'box' ? BOX_MAC : undefined,
      ),
    ),
    sh`ip link add wan netns ${net('router')} type veth peer name eth0 netns ${net('internet')}`,
    // A machine in the box brings its own interface up, like any other.
    ...(['laptop', 'phone'] as const).map((node) => lanMachine(net(node), ADDRESSES[node])),
    ip(net('router'), 'lan', [`${LAN.router.v4}/24`, `${LAN.router.gua}/64`, `${LAN.router.ula}/64`]),
    ip(net('router'), 'wan', [`${WAN.router.v4}/24`, `${WAN.router.v6}/64`]),
    ip(net('internet'), 'eth0', [`${WAN.internet.v4}/24`, `${WAN.internet.v6}/64`]),
    sh`ip -n ${net('router')} route add default via ${WAN.internet.v4}
ip -n ${net('router')} -6 route add default via ${WAN.internet.v6}
ip -n ${net('internet')} -6 route add ${LAN.gua} via ${WAN.router.v6}`,
  ]);
}

/**
 * Gives the box a new network namespace and cable in place of the ones it had: addresses, routes, firewall rules and
 * sysctls do not outlive a kernel.
 */
export function renewBox(name: string): Shell {
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
