import { describe, expect, it } from 'vitest';
import { certificateId } from '../../../src/agent/certificates/ari.ts';
import { backOff, byInfo, byLifetime } from '../../../src/agent/certificates/due.ts';

/** The example of RFC 9773, appendix A. */
const EXAMPLE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;
const DAY = 86_400_000;

it('knows a certificate by the identifier of RFC 9773', () => {
  expect(certificateId(EXAMPLE)).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
});

describe('the moment of a renewal', () => {
  it('is when a third is left, or half of a short life, and never the same for all', () => {
    expect(byLifetime({ notBefore: 0, notAfter: 90 * DAY }, 0)).toBe(60 * DAY);
    expect(byLifetime({ notBefore: 0, notAfter: 90 * DAY }, 1)).toBe(59.1 * DAY);
    expect(byLifetime({ notBefore: 0, notAfter: 6 * DAY }, 0)).toBe(3 * DAY);
  });

  it('lies in the window that the CA suggests, and stays while it does', () => {
    const window = { start: 100, end: 200 };
    expect([byInfo(window, 0), byInfo(window, 0.5), byInfo(window, 1)]).toEqual([100, 150, 200]);
    expect([byInfo(window, 0, 170), byInfo(window, 0, 201)]).toEqual([170, 100]);
  });
});

it('waits twice as long after each failure, at most about a day, and as long as the CA says', () => {
  expect([1, 2, 3, 20].map((failures) => backOff(failures, 0.5) / 60_000)).toEqual([1, 2, 4, 1440]);
  expect(backOff(1, 0, 7_200)).toBe(7_200_000);
  expect(backOff(1_000, 1)).toBeCloseTo(1.2 * DAY);
});
