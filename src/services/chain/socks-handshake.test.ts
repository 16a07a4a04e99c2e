import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { connect, endpointAt, exchange, failure } from '../../../test/support/chain-rig.ts';
import { fakeProxy, type Script } from '../../../test/support/fake-proxy.ts';
import { proveRawIo } from '../../transport/raw-io.ts';

before(() => proveRawIo());

describe('a chain of one SOCKS proxy', () => {
  const GRANTED = '\x05\0\0\x03\x04name\x01\x02';
  const socks5 =
    (answer: string): Script =>
    (heard) =>
      heard.startsWith('\x05\x01\0\x03') ? { say: answer, next: 'echo' } : { say: '\x05\0' };

  test('of version 5 hands on the name, and keeps what comes behind the answer', async (t) => {
    const proxy = await fakeProxy(t, socks5(`${GRANTED}SSH-2.0`));
    const dialled = await connect([endpointAt(proxy.port, { protocol: 'socks5' })]);
    assert.equal(await exchange(dialled, 'hi', 9), 'SSH-2.0hi');
    assert.equal(proxy.heard[0], '\x05\x01\0\x05\x01\0\x03\x0eorigin.example\x01\xbb');
  });

  test('resolves the name here only when it is told to', async (t) => {
    const proxy = await fakeProxy(t, (heard) =>
      heard.length > 3 ? { say: GRANTED, next: 'echo' } : { say: '\x05\0' },
    );
    const hop = endpointAt(proxy.port, { protocol: 'socks5', localDns: true });
    (await connect([hop], { host: 'four.example', port: 80 })).connection.destroy('done');
    assert.ok(proxy.heard[0]!.endsWith(`\x05\x01\0\x04${'\0'.repeat(15)}\x01\0\x50`));
    const failed = await failure([hop]);
    assert.deepEqual([failed.code, failed.blame], ['upstream_dns_failed', 'none']);
  });

  test('of version 4 gets an IPv4 address, of 4a the name', async (t) => {
    const proxy = await fakeProxy(t, () => ({ say: '\0\x5a\0\0\0\0\0\0', next: 'echo' }));
    const four = endpointAt(proxy.port, { protocol: 'socks4', username: 'me' });
    (await connect([four], { host: 'four.example', port: 80 })).connection.destroy('done');
    (await connect([{ ...four, protocol: 'socks4a' }])).connection.destroy('done');
    assert.deepEqual(proxy.heard, ['\x04\x01\0\x50\x0a\0\0\x04me\0', '\x04\x01\x01\xbb\0\0\0\x01me\0origin.example\0']);
    const failed = await failure([four], {}, { host: '::1', port: 80 });
    assert.deepEqual([failed.code, failed.blame], ['hop_unsupported', 'none']);
  });

  test('refuses a name that does not fit, before it has said anything', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const failed = await failure(
      [endpointAt(proxy.port, { protocol: 'socks5' })],
      {},
      { host: 'x'.repeat(256), port: 1 },
    );
    assert.deepEqual([failed.code, failed.blame], ['hop_unsupported', 'none']);
  });

  for (const [reply, code, blame] of [
    [1, 'upstream_unreachable', 'ambiguous'],
    [2, 'hop_denied', 'policy'],
    [5, 'upstream_unreachable', 'ambiguous'],
    [6, 'upstream_connect_timeout', 'ambiguous'],
    [7, 'hop_unsupported', 'configuration'],
  ] as const) {
    test(`fails with ${code}, blame: ${blame}, after reply ${reply}`, async (t) => {
      const proxy = await fakeProxy(t, socks5(`\x05${String.fromCharCode(reply)}`));
      const failed = await failure([endpointAt(proxy.port, { protocol: 'socks5' })]);
      assert.deepEqual([failed.code, failed.blame], [code, blame]);
    });
  }

  test('has itself to blame when it does not answer the greeting, and perhaps not when it does', async (t) => {
    const hop = { protocol: 'socks5' } as const;
    const deaf = await fakeProxy(t, () => null);
    const failed = await failure([endpointAt(deaf.port, hop)], { handshakeTimeoutMs: 50 });
    assert.deepEqual([failed.code, failed.blame], ['hop_timeout', 'member']);
    const slow = await fakeProxy(t, (heard) => (heard.length === 3 ? { say: '\x05\0' } : null));
    const late = await failure([endpointAt(slow.port, hop)], { handshakeTimeoutMs: 100 });
    assert.deepEqual([late.code, late.blame, late.isUnproven], ['hop_timeout', 'ambiguous', true]);
  });

  test('cannot be what requests in absolute-form are sent to', async (t) => {
    const proxy = await fakeProxy(t, () => null);
    const failed = await failure([endpointAt(proxy.port, { protocol: 'socks5' })], {}, null);
    assert.deepEqual([failed.code, failed.blame], ['hop_unsupported', 'configuration']);
  });
});
