import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { NtlmAuth } from './ntlm-auth.ts';

const CHALLENGE = Buffer.from(
  `4e544c4d5353500002000000000000003800000001820000${'01'.repeat(8)}${'00'.repeat(16)}`,
  'hex',
).toString('base64');

const messageOf = (value: string | null): number =>
  value === null ? 0 : Buffer.from(value.replace('NTLM ', ''), 'base64').readUInt32LE(8);

describe('NTLM on a connection', () => {
  test('offers, answers the challenge, and then says nothing more', () => {
    const auth = new NtlmAuth('CORP\\me', 'secret');
    assert.equal(messageOf(auth.authorize()), 1);
    assert.equal(auth.isBound, false);
    assert.equal(auth.challenge(['Negotiate', `NTLM ${CHALLENGE}`]), true);
    assert.equal(auth.isBound, true);
    const answer = auth.authorize();
    assert.equal(messageOf(answer), 3);
    assert.doesNotMatch(Buffer.from(answer!.slice(5), 'base64').toString('latin1'), /s\0?e\0?c\0?r\0?e\0?t/);
    auth.accepted();
    assert.equal(auth.authorize(), null);
  });

  test('is content when the offer alone is let through', () => {
    const auth = new NtlmAuth('me', 'secret');
    auth.authorize();
    auth.accepted();
    assert.equal(auth.authorize(), null);
  });

  test('gives up when the answer is refused', () => {
    const auth = new NtlmAuth('me', 'secret');
    auth.authorize();
    auth.challenge([`NTLM ${CHALLENGE}`]);
    auth.authorize();
    assert.equal(auth.challenge([`NTLM ${CHALLENGE}`]), false);
  });

  test('gives up on a proxy that does not challenge it', () => {
    for (const values of [[], ['Basic realm="x"'], ['NTLM'], ['NTLM AAAA']]) {
      const auth = new NtlmAuth('me', 'secret');
      auth.authorize();
      assert.equal(auth.challenge(values), false);
    }
  });

  test('answers each challenge with another response', () => {
    const answers = [1, 2].map(() => {
      const auth = new NtlmAuth('me', 'secret');
      auth.authorize();
      auth.challenge([`NTLM ${CHALLENGE}`]);
      return auth.authorize();
    });
    assert.notEqual(answers[0], answers[1]);
  });
});
