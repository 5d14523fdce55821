import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sign, verify } from '../../src/dns/tsig.ts';
import { DnsFormatError } from '../../src/dns/wire.ts';
import { SECRET, SIGNED_AT, VECTORS } from './vectors.ts';

describe.each(VECTORS)(
  'a signature by $algorithm, as dnspython makes it',
  ({ algorithm, request, answer, badTime }) => {
    const key = { name: 'acme-key', algorithm, secret: SECRET };
    const signed = Buffer.from(request, 'hex');
    const reply = Buffer.from(answer, 'hex');
    const plain = unsignedPart(signed, Number(algorithm.slice(-3)));
    const { message, mac } = sign(plain, key, SIGNED_AT);

    it('is made byte by byte the same', () => expect(message.toString('hex')).toBe(request));

    it('is believed in an answer', () =>
      expect(verify(reply, key, mac, SIGNED_AT + 10)).toEqual({ is: 'good', error: 0 }));

    it('is not believed for another request, with another secret or name, or at another time', () => {
      expect(verify(reply, key, Buffer.alloc(mac.length), SIGNED_AT)).toMatchObject({ is: 'bad' });
      const other = { ...key, secret: Buffer.alloc(32).toString('base64') };
      expect(verify(reply, other, mac, SIGNED_AT)).toMatchObject({ is: 'bad' });
      expect(verify(reply, { ...key, name: 'other' }, mac, SIGNED_AT)).toMatchObject({ is: 'bad' });
      for (const late of [-301, 301])
        expect(verify(reply, key, mac, SIGNED_AT + late)).toMatchObject({ is: 'bad' });
    });

    it('tells by how much clocks differ', () =>
      expect(verify(Buffer.from(badTime, 'hex'), key, mac, SIGNED_AT)).toEqual({
        is: 'good',
        error: 18,
        clocks: 1000,
      }));

    it('is not believed with any bit changed', () => {
      fc.assert(
        fc.property(fc.integer({ min: 16, max: reply.length * 8 - 1 }), (bit) => {
          const changed = Buffer.from(reply);
          changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          // Names are the same in capitals; the id, before, is its caller's to compare.
          fc.pre(lower(changed) !== lower(reply));
          expect(verdict(() => verify(changed, key, mac, SIGNED_AT))).not.toBe('good');
        }),
        { numRuns: 400 },
      );
    });
  },
);

it('reads any bytes without believing or breaking', () => {
  const key = { name: 'acme-key', algorithm: 'hmac-sha256', secret: SECRET } as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      expect(verdict(() => verify(Buffer.from(bytes), key, Buffer.alloc(32), SIGNED_AT))).not.toBe('good');
    }),
    { numRuns: 1000 },
  );
});

function lower(bytes: Buffer): string {
  return bytes.toString('latin1').toLowerCase();
}

function verdict(check: () => { readonly is: string }): string {
  try {
    return check().is;
  } catch (error) {
    if (error instanceof DnsFormatError) return 'format';
    throw error;
  }
}

/** The message as it was before it was signed: its last record has a name of 10 bytes, 10 of fixed fields, and its data. */
function unsignedPart(message: Buffer, bits: number): Buffer {
  const data = 13 + 10 + bits / 8 + 6;
  const plain = Buffer.from(message.subarray(0, message.length - 20 - data));
  plain.writeUInt16BE(0, 10);
  return plain;
}
