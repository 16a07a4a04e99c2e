import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import {
  authenticateMessage,
  negotiateMessage,
  ntlmIdentity,
  type NtlmMoment,
  ntlmResponses,
  readChallengeMessage,
  responseKey,
} from './ntlm-messages.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

// MS-NLMP, 4.2.1 and 4.2.4: the published examples for NTLMv2.
const IDENTITY = ntlmIdentity('Domain\\User', 'Password');
const MOMENT: NtlmMoment = { time: 0n, clientChallenge: Buffer.alloc(8, 0xaa) };
const CHALLENGE_MESSAGE = hex(`
  4e544c4d53535000 02000000 0c000c0038000000 33828ae2 0123456789abcdef 0000000000000000
  2400240044000000 06007017 0000000f 530065007200760065007200
  02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000`);
const CHALLENGE = readChallengeMessage(CHALLENGE_MESSAGE)!;

/** A part of a type 3 message, by the place of its length. */
function part(message: Buffer, at: number): Buffer {
  const from = message.readUInt32LE(at + 4);
  return message.subarray(from, from + message.readUInt16LE(at));
}

describe('NTLMv2, by the examples of MS-NLMP', () => {
  test('has the NT hash of "Password"', () => {
    assert.equal(IDENTITY.ntHash.toString('hex'), 'a4f49c406510bdcab6824ee7c30fd852');
  });

  test('has the key of section 4.2.4.1.1', () => {
    assert.equal(responseKey(IDENTITY).toString('hex'), '0c868a403bfd7a93a3001ef22ef02e3f');
  });

  test('reads the challenge of section 4.2.4.3', () => {
    assert.equal(CHALLENGE.serverChallenge.toString('hex'), '0123456789abcdef');
    assert.equal(CHALLENGE.targetInfo.length, 36);
    assert.equal(CHALLENGE.flags, 0xe28a8233);
  });

  test('has the responses of sections 4.2.4.2.1 and 4.2.4.2.2', () => {
    const { lm, nt } = ntlmResponses(responseKey(IDENTITY), CHALLENGE, MOMENT);
    assert.equal(lm.toString('hex'), '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa');
    assert.equal(
      nt.toString('hex'),
      hex(`68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000
           02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000`).toString('hex'),
    );
  });

  test('puts them into a message with domain and user', () => {
    const message = authenticateMessage(IDENTITY, CHALLENGE, MOMENT);
    assert.equal(message.toString('latin1', 0, 8), 'NTLMSSP\0');
    assert.equal(message.readUInt32LE(8), 3);
    assert.equal(part(message, 12).toString('hex', 0, 16), '86c35097ac9cec102554764a57cccc19');
    assert.equal(part(message, 20).toString('hex', 0, 16), '68cd0ab851e51c96aabc927bebef6a1c');
    assert.equal(part(message, 28).toString('utf16le'), 'Domain');
    assert.equal(part(message, 36).toString('utf16le'), 'User');
    assert.equal(part(message, 44).length, 0);
    assert.equal(part(message, 52).length, 0);
  });
});

describe('the identity', () => {
  test('takes the domain from before a backslash only', () => {
    const { user, domain } = ntlmIdentity('user@corp.example', 'x');
    assert.deepEqual([user, domain], ['user@corp.example', '']);
    assert.equal(ntlmIdentity('CORP\\me', 'x').domain, 'CORP');
  });

  test('may come with the hash of its password', () => {
    assert.deepEqual(ntlmIdentity('u', 'nthash:A4F49C406510BDCAB6824EE7C30FD852').ntHash, IDENTITY.ntHash);
    assert.notDeepEqual(ntlmIdentity('u', 'nthash:short').ntHash.toString('hex'), 'short');
  });
});

describe('the messages', () => {
  test('begin with an offer that holds nothing secret', () => {
    const message = negotiateMessage();
    assert.equal(message.length, 32);
    assert.equal(message.readUInt32LE(8), 1);
    assert.equal(message.readUInt32LE(12) & 0x00080201, 0x00080201);
  });

  test('are in OEM characters for a server that knows no Unicode', () => {
    const message = authenticateMessage(IDENTITY, { ...CHALLENGE, flags: 0x202 }, MOMENT);
    assert.equal(part(message, 36).toString('latin1'), 'User');
    assert.equal(message.readUInt32LE(60), 0x202);
  });

  test('take the time of a server that tells it, and then leave the older response empty', () => {
    const time = '0011223344556677';
    const targetInfo = hex(`01000200 4100 07000800 ${time} 00000000`);
    const { lm, nt } = ntlmResponses(responseKey(IDENTITY), { ...CHALLENGE, targetInfo }, MOMENT);
    assert.equal(nt.toString('hex', 24, 32), time);
    assert.equal(lm.toString('hex'), '00'.repeat(24));
  });

  test('are not misled by target information that is cut', () => {
    const targetInfo = hex('07001000 0011');
    const { nt } = ntlmResponses(responseKey(IDENTITY), { ...CHALLENGE, targetInfo }, MOMENT);
    assert.equal(nt.toString('hex', 24, 32), '00'.repeat(8));
  });

  test('take no target information from an old server, whatever stands in its place', () => {
    // As Squid's helper sends it.
    const old = '4e544c4d535350000200000009000900aeaaaaaa078208008c63032e5f2697220000000000003a00574f524b47524f5550';
    assert.equal(readChallengeMessage(hex(old))?.targetInfo.length, 0);
  });

  test('are told from what is none of them', () => {
    assert.equal(readChallengeMessage(Buffer.alloc(0)), null);
    assert.equal(readChallengeMessage(negotiateMessage()), null);
    assert.equal(readChallengeMessage(CHALLENGE_MESSAGE.subarray(0, 60)), null);
    assert.equal(readChallengeMessage(Buffer.from('x'.repeat(60))), null);
    assert.equal(readChallengeMessage(CHALLENGE_MESSAGE.subarray(0, 32))?.targetInfo.length, 0);
  });
});
