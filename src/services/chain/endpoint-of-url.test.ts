import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SluiceError } from '../../core/errors.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import { endpointOfUrl } from './endpoint-of-url.ts';

const NAME = { hop: 'exits', id: 'fr-1' };

describe('the endpoint of a URL', () => {
  test('has everything that the URL says, decoded once', () => {
    const endpoint = endpointOfUrl('http://us%40er:p%2525@[2001:db8::1]:3128', { ...NAME, auth: 'digest' });
    assert.deepEqual(endpoint, {
      hop: 'exits',
      id: 'fr-1',
      protocol: 'http',
      host: '2001:db8::1',
      port: 3128,
      username: 'us@er',
      password: 'p%25',
      auth: 'digest',
      tls: null,
      localDns: false,
      handshakeTimeoutMs: null,
      budgetMs: null,
    });
  });

  test('has the times of its hop, and its wish for addresses', () => {
    const own = { localDns: true, handshakeTimeoutMs: 1000, budgetMs: 2000 };
    const { localDns, handshakeTimeoutMs, budgetMs } = endpointOfUrl('socks5://proxy.example', { ...NAME, ...own });
    assert.deepEqual({ localDns, handshakeTimeoutMs, budgetMs }, own);
  });

  test('speaks TLS when it is https, and as it is told to', () => {
    assert.ok(endpointOfUrl('https://proxy.example', NAME).tls instanceof TlsClient);
    const tls = new TlsClient();
    assert.equal(endpointOfUrl('https://proxy.example', { ...NAME, tls }).tls, tls);
    assert.equal(endpointOfUrl('socks5://proxy.example', { ...NAME, tls }).tls, null);
  });

  test('is refused when it cannot work, without a word of its credentials', () => {
    for (const [url, options] of [
      ['ftp://secret:secret@proxy.example', NAME],
      ['http://secret%zz:secret@proxy.example', NAME],
      ['http://proxy.example', { ...NAME, auth: 'ntlm' }],
      ['socks5://secret:secret@proxy.example', { ...NAME, auth: 'digest' }],
    ] as const) {
      assert.throws(
        () => endpointOfUrl(url, options),
        (error: SluiceError) =>
          error.code === 'config_invalid' && error.message.includes('exits/fr-1') && !error.message.includes('secret'),
      );
    }
  });
});
