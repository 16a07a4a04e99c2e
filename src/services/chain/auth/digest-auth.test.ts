import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DigestAuth, digestAnswer, type DigestMemory, type DigestNonce } from './digest-auth.ts';

/** RFC 7616, 3.9.1. */
const RFC7616: DigestNonce = {
  realm: 'http-auth@example.org',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
  algorithm: 'MD5',
  hash: 'md5',
  isSession: false,
  hasQop: true,
  hidesUser: false,
  count: 1,
};
const REQUEST = {
  method: 'GET',
  target: '/dir/index.html',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
};

const field = (value: string | null, name: string): string =>
  new RegExp(`(?:^| )${name}="?([^",]*)`).exec(value ?? '')?.[1] ?? '';

describe('the answer to a Digest challenge', () => {
  test('is that of RFC 7616 with MD5', () => {
    assert.equal(
      digestAnswer(RFC7616, 'Mufasa', 'Circle of Life', REQUEST),
      'Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
        'uri="/dir/index.html", algorithm=MD5, qop=auth, nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", ' +
        'response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    );
  });

  test('is that of RFC 7616 with SHA-256', () => {
    const nonce = { ...RFC7616, algorithm: 'SHA-256', hash: 'sha256' };
    assert.equal(
      field(digestAnswer(nonce, 'Mufasa', 'Circle of Life', REQUEST), 'response'),
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    );
  });

  test('is that of RFC 7616, with its erratum 4897, for SHA-512-256 and a hidden user', () => {
    const nonce = {
      ...RFC7616,
      realm: 'api@example.org',
      nonce: '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK',
      opaque: 'HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS',
      algorithm: 'SHA-512-256',
      hash: 'sha512-256',
      hidesUser: true,
    };
    const request = {
      method: 'GET',
      target: '/doe.json',
      cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
    };
    const answer = digestAnswer(nonce, 'Jäsøn Doe', 'Secret, or not?', request);
    assert.equal(field(answer, 'username'), '793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b');
    assert.equal(field(answer, 'response'), '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5');
  });

  test('is that of RFC 2617, and of RFC 2069 where there is no qop', () => {
    const nonce = {
      ...RFC7616,
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      algorithm: null,
    };
    const request = { ...REQUEST, cnonce: '0a4f113b' };
    const answer = digestAnswer(nonce, 'Mufasa', 'Circle Of Life', request);
    assert.equal(field(answer, 'response'), '6629fae49393a05397450978507c4ef1');
    assert.doesNotMatch(answer, /algorithm/);
    const old = digestAnswer({ ...nonce, hasQop: false }, 'Mufasa', 'Circle Of Life', request);
    assert.equal(field(old, 'response'), '670fd8c2df070c60b045671b8b24ff02');
    assert.doesNotMatch(old, /qop|nc=|cnonce/);
  });

  test('escapes what would end a quoted value, and encodes a name beyond ASCII', () => {
    const odd = { ...RFC7616, realm: 'a "b" \\c' };
    assert.match(digestAnswer(odd, 'x', 'y', REQUEST), /realm="a \\"b\\" \\\\c"/);
    assert.match(
      digestAnswer(RFC7616, "Jäsøn (D'oe)", 'y', REQUEST),
      /username\*=UTF-8''J%C3%A4s%C3%B8n%20%28D%27oe%29, /,
    );
  });

  test('with -sess takes both nonces into the secret', () => {
    const plain = digestAnswer(RFC7616, 'Mufasa', 'Circle of Life', REQUEST);
    const session = digestAnswer({ ...RFC7616, isSession: true }, 'Mufasa', 'Circle of Life', REQUEST);
    assert.notEqual(field(plain, 'response'), field(session, 'response'));
  });
});

describe('Digest on a connection', () => {
  const start = (
    memory: DigestMemory = { nonce: null, isOpen: false },
  ): { auth: DigestAuth; memory: DigestMemory } => ({
    auth: new DigestAuth('u', 'p', memory),
    memory,
  });
  const challenge = (nonce: string, more = ''): string[] => [`Digest realm="r", nonce="${nonce}", qop="auth"${more}`];

  test('says nothing before it is asked, then answers, and counts', () => {
    const { auth } = start();
    assert.equal(auth.authorize('CONNECT', 'a.example:443'), null);
    assert.equal(auth.challenge(challenge('n1')), true);
    assert.equal(field(auth.authorize('CONNECT', 'a.example:443'), 'uri'), 'a.example:443');
    assert.equal(field(auth.authorize('GET', 'http://a.example/'), 'nc'), '00000002');
  });

  test('uses on a new connection what was learned on another', () => {
    const { auth, memory } = start();
    auth.challenge(challenge('n1'));
    auth.authorize('GET', '/');
    const next = start(memory).auth;
    assert.equal(field(next.authorize('GET', '/'), 'nc'), '00000002');
    // The nonce may have run out meanwhile, whether the proxy says so or not.
    assert.equal(next.challenge(challenge('n2')), true);
    assert.equal(field(next.authorize('GET', '/'), 'nonce'), 'n2');
  });

  test('gives up when the proxy refuses a fresh answer', () => {
    const { auth } = start();
    auth.authorize('GET', '/');
    assert.equal(auth.challenge(challenge('n1')), true);
    auth.authorize('GET', '/');
    assert.equal(auth.challenge(challenge('n2')), false);
  });

  test('answers again when the nonce was only stale, but not for ever', () => {
    const { auth } = start();
    const answers = Array.from({ length: 5 }, (_, index) => {
      auth.authorize('GET', '/');
      return auth.challenge(challenge(`n${index}`, ', stale=TRUE'));
    });
    assert.deepEqual(answers, [true, true, true, false, false]);
  });

  test('answers whenever a nonce has grown old, as long as requests are let through in between', () => {
    const { auth } = start();
    for (let turn = 0; turn < 10; turn += 1) {
      auth.authorize('GET', '/');
      assert.equal(auth.challenge(challenge(`n${turn}`)), true);
      assert.equal(field(auth.authorize('GET', '/'), 'nonce'), `n${turn}`);
      auth.accepted();
    }
  });

  test('takes the strongest algorithm that it knows', () => {
    const { auth, memory } = start();
    const offers = ['SHA-999', 'MD5', 'SHA-256-sess'].map((name) => `Digest realm="r", nonce="n", algorithm=${name}`);
    assert.equal(auth.challenge(offers), true);
    assert.equal(memory.nonce?.hash, 'sha256');
    assert.equal(memory.nonce.isSession, true);
  });

  test('does not meet a challenge that it cannot', () => {
    for (const offer of ['Basic realm="r"', 'Digest realm="r"', 'Digest realm="r", nonce="n", qop="auth-int"']) {
      assert.equal(start().auth.challenge([offer]), false);
    }
    assert.equal(start().auth.isBound, false);
    start().auth.accepted();
  });
});
