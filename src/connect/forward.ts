import { ForwardError, type ForwardFailure } from './connection.ts';

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254 §5.1). */
const PROHIBITED = 1;

/**
 * Maps what the host said about a refused direct-tcpip channel to a reason.
 * @param text the description, which in OpenSSH's case is strerror(3) of the host's connect(2)
 * @param code the reason code of RFC 4254 §5.1, if known
 */
export function forwardFailure(host: string, port: number, text: string, code?: number): ForwardError {
  const reason = code === PROHIBITED ? 'prohibited' : reasonFromText(text);
  return new ForwardError(reason, `${host} port ${port}: ${SENTENCES[reason]}`);
}

/** Nothing was heard in time. */
export function forwardTimeout(host: string, port: number, timeoutMs: number): ForwardError {
  return new ForwardError('timeout', `${host} port ${port}: no answer within ${timeoutMs / 1000} s`);
}

/** The reason in one of the texts of strerror(3) or of sshd. */
export function reasonFromText(text: string): ForwardFailure {
  if (/administratively prohibited|not permitted/i.test(text)) return 'prohibited';
  if (/refused/i.test(text)) return 'refused';
  if (/timed out/i.test(text)) return 'timeout';
  if (/no route|unreachable|host is down/i.test(text)) return 'unreachable';
  return 'failed';
}

const SENTENCES: Readonly<Record<ForwardFailure, string>> = {
  refused: 'refused, nothing listens there',
  timeout: 'no answer',
  unreachable: 'there is no way to it',
  prohibited: 'the host does not allow connections to be made through it (AllowTcpForwarding)',
  failed: 'the connection could not be made',
};
