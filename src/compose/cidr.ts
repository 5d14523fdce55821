import { isIPv4, isIPv6 } from 'node:net';
import { type Complaint, show } from './complaint.ts';

/** Says what is wrong with a range of addresses (RFC 4632, RFC 4291), or nothing. */
export function checkCidr(value: string): Complaint | undefined {
  const [address = '', prefix, ...rest] = value.split('/');
  const family = familyOf(address);
  if (!family || rest.length > 0) return refuse(value, 'it is an address, a slash and a number of bits');
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined)
    return refuse(value, 'the number of bits is missing', `For this one address write ${value}/${bits}.`);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits)
    return refuse(value, `after the slash stands a number from 0 to ${bits}`);
  const network = format(mask(toBigInt(address), Number(prefix), bits), family);
  if (network !== canonical(address))
    return refuse(value, 'it is an address within a range', `The range is ${network}/${prefix}.`);
  return undefined;
}

/** The one spelling of a range that {@link checkCidr} accepts. */
export function normaliseCidr(value: string): string {
  const [address = '', prefix = ''] = value.split('/');
  return familyOf(address) ? `${canonical(address)}/${prefix}` : value;
}

function refuse(value: string, why: string, hint?: string): Complaint {
  return { message: `${show(value)} is not a range of addresses: ${why}`, ...(hint && { hint }) };
}

/** node's own test is strict: no leading zeros, which other readers take for octal. Zones and mapped IPv4 are refused. */
function familyOf(address: string): 4 | 6 | undefined {
  if (isIPv4(address)) return 4;
  return isIPv6(address) && !/[%.]/.test(address) ? 6 : undefined;
}

/** IPv6 in the form of RFC 5952, which is what WHATWG URL writes. */
function canonical(address: string): string {
  return isIPv4(address) ? address : new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

function toBigInt(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function mask(address: bigint, prefix: number, bits: number): bigint {
  const host = BigInt(bits - prefix);
  return (address >> host) << host;
}

function format(address: bigint, family: 4 | 6): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (address >> BigInt(112 - 16 * index)) & 65_535n);
  return canonical(groups.map((group) => group.toString(16)).join(':'));
}
