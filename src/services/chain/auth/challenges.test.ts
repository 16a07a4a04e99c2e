import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseChallenges } from './challenges.ts';

const plain = (...values: readonly string[]): unknown[] =>
  parseChallenges(values).map(({ scheme, token, parameters }) => [scheme, token, Object.fromEntries(parameters)]);

describe('the list of challenges', () => {
  test('may be one field each', () => {
    assert.deepEqual(plain('Negotiate', 'NTLM', 'Basic realm="corp"'), [
      ['negotiate', null, {}],
      ['ntlm', null, {}],
      ['basic', null, { realm: 'corp' }],
    ]);
  });

  test('may be one field for all, with the commas of the parameters among those of the list', () => {
    assert.deepEqual(
      plain('Digest realm="a, b", nonce="x=", qop="auth,auth-int", algorithm=MD5, NTLM, Basic realm=corp'),
      [
        ['digest', null, { realm: 'a, b', nonce: 'x=', qop: 'auth,auth-int', algorithm: 'MD5' }],
        ['ntlm', null, {}],
        ['basic', null, { realm: 'corp' }],
      ],
    );
  });

  test('knows a token from a parameter', () => {
    assert.deepEqual(plain('NTLM TlRMTVNTUAACAAAA+/==, Basic realm="x"'), [
      ['ntlm', 'TlRMTVNTUAACAAAA+/==', {}],
      ['basic', null, { realm: 'x' }],
    ]);
  });

  test('takes escapes out of quoted values, and space around "="', () => {
    assert.deepEqual(plain('Basic realm = "say \\"hi\\" \\\\o/"'), [['basic', null, { realm: 'say "hi" \\o/' }]]);
  });

  test('survives empty elements and garbage', () => {
    assert.deepEqual(plain('', ' , ,', ', Basic realm="x",,', '= oops, NTLM'), [
      ['basic', null, { realm: 'x' }],
      ['ntlm', null, {}],
    ]);
    assert.deepEqual(plain('realm="lost"'), []);
    assert.deepEqual(plain('Basic realm="open, NTLM').at(-1), ['ntlm', null, {}]);
  });

  test('comes to an end, whatever it holds', () => {
    const pieces = fc.constantFrom('Basic', 'NTLM', ' ', ',', '=', '"', '\\', 'realm', 'abc=', '\t', 'ü');
    fc.assert(fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => void parseChallenges([parts.join('')])));
  });
});
