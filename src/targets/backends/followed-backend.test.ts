import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DnsCache } from '../../transport/dns-cache.ts';
import { FollowedBackend } from './followed-backend.ts';
import { originOfUrl } from './origin-of-url.ts';

test('a name that leads elsewhere has new connections opened, and one that fails or only grows does not', async () => {
  let now = 0;
  let found: readonly string[] | null = ['10.0.0.1'];
  const dns = new DnsCache({
    now: () => now,
    resolve: (_host, done) => {
      if (found === null) done(new Error('no'), []);
      else
        done(
          null,
          found.map((address) => ({ address, family: 4 })),
        );
    },
  });
  const origin = originOfUrl('http://a.test');
  const backend = new FollowedBackend({ origin, dns, now: () => now });
  const after = async (addresses: readonly string[] | null): Promise<unknown> => {
    found = addresses;
    now += 31_000;
    backend.select();
    await nextTurn();
    return backend.select();
  };
  assert.equal(backend.select(), origin);
  await nextTurn();
  assert.equal(await after(['10.0.0.1']), origin);
  assert.equal(await after(null), origin);
  assert.equal(await after(['10.0.0.1', '10.0.0.2']), origin);
  const moved = await after(['10.0.0.3']);
  assert.notEqual(moved, origin);
  assert.deepEqual(moved, origin);
  assert.equal(await after(['10.0.0.3']), moved);
});
