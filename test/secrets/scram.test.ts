import { describe, expect, it } from 'vitest';
import { isScramVerifierOf, scramVerifier } from '../../src/secrets/scram.ts';

const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

describe('a verifier of SCRAM-SHA-256', () => {
  it('is the one of the example in RFC 7677', () => {
    expect(scramVerifier('pencil', SALT)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  it('fits its own password and no other', () => {
    const verifier = scramVerifier('pencil', SALT, 10_000);
    expect(isScramVerifierOf(verifier, 'pencil')).toBe(true);
    expect(isScramVerifierOf(verifier, 'pencils')).toBe(false);
    expect(isScramVerifierOf(`${verifier}=`, 'pencil')).toBe(false);
    expect(isScramVerifierOf('md5a3556571e93b0d20722ba62be61e8c2d', 'pencil')).toBe(false);
    expect(isScramVerifierOf('', '')).toBe(false);
  });

  it('is not tried when the host wants it to take for ever', () => {
    expect(isScramVerifierOf(scramVerifier('a', SALT, 1).replace('$1:', '$999999999:'), 'a')).toBe(false);
  });

  it('is the same however the password was typed', () => {
    expect(scramVerifier('I\u00adX', SALT)).toBe(scramVerifier('IX', SALT));
    expect(scramVerifier('\u2168', SALT)).toBe(scramVerifier('IX', SALT));
    expect(scramVerifier('a\u00a0b', SALT)).toBe(scramVerifier('a b', SALT));
  });
});
