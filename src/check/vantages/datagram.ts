import { capture } from '../../connect/capture.ts';
import { type Connection, ForwardError } from '../../connect/connection.ts';
import { sh } from '../../quote.ts';

/** What timeout(1) ends with when the time is over. */
const TIMED_OUT = 124;

/**
 * A datagram from the machine at the other end, and the first that comes back: ssh carries connections only, so the shell
 * there sends it, with what bash has for that (/dev/udp, bash(1)).
 * @throws {ForwardError} within about `timeoutMs` milliseconds
 */
export async function exchangeThrough(
  connection: Pick<Connection, 'exec'>,
  address: string,
  port: number,
  datagram: Buffer,
  timeoutMs: number,
): Promise<Buffer> {
  const send =
    'exec 3<>"/dev/udp/$1/$2" && base64 -d >&3 && dd bs=65535 count=1 <&3 2>/dev/null | base64 -w0';
  const script = sh`command -v bash >/dev/null || exit 127
exec timeout ${timeoutMs / 1000} bash -c ${send} bash ${address} ${port}`;
  const { code, stdout, stderr } = await capture(connection, script, datagram.toString('base64'));
  if (code === TIMED_OUT) throw new ForwardError('timeout', `no answer within ${timeoutMs} ms`);
  if (code === 127) throw new ForwardError('failed', 'datagrams are sent with bash, which is not there');
  if (/Network is unreachable|No route to host/.test(stderr))
    throw new ForwardError('unreachable', stderr.trim());
  if (code !== 0) throw new ForwardError('failed', stderr.trim() || `bash ended with ${code}`);
  // Reading ends at once when the other side says by ICMP that nobody is there.
  if (stdout === '') throw new ForwardError('refused', 'nobody listens there');
  return Buffer.from(stdout, 'base64');
}
