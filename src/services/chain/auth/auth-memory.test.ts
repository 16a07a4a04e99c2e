import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProxyEndpoint } from '../proxy-endpoint.ts';
import { AuthMemory, authMemoryOf } from './auth-memory.ts';

const DIGEST = 'Digest realm="r", nonce="n", qop="auth"';
const scheme = (value: string | null): string => (value ?? 'none').replace(/ .*/, '');

describe('the memory of an identity', () => {
  test('begins with Basic where the proxy has the choice', () => {
    assert.equal(scheme(new AuthMemory('u', 'p', null).begin().authorize('GET', '/')), 'Basic');
  });

  test('goes over to the strongest that is offered instead, and remembers it', () => {
    const memory = new AuthMemory('u', 'p', null);
    const auth = memory.begin();
    auth.authorize('GET', '/');
    assert.equal(auth.challenge(['Negotiate', 'NTLM', DIGEST]), true);
    assert.equal(scheme(auth.authorize('GET', '/')), 'NTLM');
    assert.equal(scheme(memory.begin().authorize('GET', '/')), 'NTLM');
  });

  test('answers Digest from the challenge that asked for it', () => {
    const memory = new AuthMemory('u', 'p', null);
    const auth = memory.begin();
    auth.authorize('GET', '/');
    assert.equal(auth.challenge([DIGEST]), true);
    assert.equal(scheme(auth.authorize('GET', '/')), 'Digest');
    assert.equal(scheme(memory.begin().authorize('GET', '/')), 'Digest');
  });

  test('does not send the same password in another way to a proxy that took the first and refused it', () => {
    const auth = new AuthMemory('u', 'p', null).begin();
    auth.authorize('GET', '/');
    assert.equal(auth.challenge(['NTLM', 'Basic realm="r"']), false);
  });

  test('keeps to the one scheme that is configured', () => {
    for (const only of ['basic', 'digest', 'ntlm'] as const) {
      const auth = new AuthMemory('u', 'p', only).begin();
      auth.authorize('GET', '/');
      assert.equal(auth.challenge(['Negotiate']), false);
    }
    const digest = new AuthMemory('u', 'p', 'digest').begin();
    assert.equal(digest.authorize('GET', '/'), null);
    assert.equal(digest.challenge(['Basic realm="r"']), false);
  });

  test('wants to be rehearsed what needs a word of the proxy first', () => {
    const wants = (['basic', 'digest', 'ntlm'] as const).map(
      (only) => new AuthMemory('u', 'p', only).begin().wantsRehearsal,
    );
    assert.deepEqual(wants, [false, true, true]);
  });

  test('wants Digest to be rehearsed until there is a nonce, or it turns out that none is needed', () => {
    const memory = new AuthMemory('u', 'p', 'digest');
    memory.begin().challenge([DIGEST]);
    assert.equal(memory.begin().wantsRehearsal, false);
    const open = new AuthMemory('u', 'p', 'digest');
    open.begin().accepted();
    assert.equal(open.begin().wantsRehearsal, false);
    open.begin().challenge(['Basic realm="r"']);
    assert.equal(open.begin().wantsRehearsal, true);
  });

  test('does not turn twice', () => {
    const auth = new AuthMemory('u', 'p', null).begin();
    auth.authorize('GET', '/');
    auth.challenge(['NTLM']);
    auth.authorize('GET', '/');
    assert.equal(auth.challenge([DIGEST]), false);
    assert.equal(auth.isBound, false);
  });

  test('knows whether the credentials were ever accepted', () => {
    const memory = new AuthMemory('u', 'p', 'basic');
    assert.equal(memory.wasAccepted, false);
    memory.begin().accepted();
    assert.equal(memory.wasAccepted, true);
  });
});

describe('the memory of an endpoint', () => {
  const endpoint: ProxyEndpoint = {
    hop: 'corporate',
    id: 'one',
    protocol: 'http',
    host: 'proxy.example',
    port: 3128,
    username: 'u',
    password: null,
    auth: null,
    tls: null,
    localDns: false,
    handshakeTimeoutMs: null,
    budgetMs: null,
  };

  test('stays the same, and is not shared with another identity', () => {
    assert.equal(authMemoryOf(endpoint), authMemoryOf(endpoint));
    assert.notEqual(authMemoryOf(endpoint), authMemoryOf({ ...endpoint, username: 'v' }));
  });

  test('is none without credentials, and none for SOCKS', () => {
    assert.equal(authMemoryOf({ ...endpoint, username: null }), null);
    assert.equal(authMemoryOf({ ...endpoint, protocol: 'socks5' }), null);
  });
});
