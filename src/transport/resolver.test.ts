import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DnsServer } from '../../test/support/dns-server.ts';
import { isLocalName, type Resolve, resolverOf, textResolverOf } from './resolver.ts';

function found(resolve: Resolve, host: string): Promise<[addresses: string, ttlMs: number | null]> {
  return new Promise((yes, no) => {
    resolve(host, (error, addresses, ttlMs = null) => {
      if (error === null) yes([addresses.map(({ address }) => address).join(' '), ttlMs]);
      else no(error);
    });
  });
}

describe('DNS servers', () => {
  test('are asked for both families, and say for how long that counts', async (t) => {
    const server = await DnsServer.open(t, { 'a.test': ['10.0.0.1', 'fd00::1'], 'six.test': ['fd00::2'] });
    server.ttlSeconds = 7;
    const resolve = resolverOf([server.address]);
    assert.deepEqual(await found(resolve, 'a.test'), ['10.0.0.1 fd00::1', 7000]);
    assert.deepEqual(await found(resolve, 'six.test'), ['fd00::2', 7000]);
    server.ttlSeconds = 0;
    assert.deepEqual(await found(resolve, 'a.test'), ['10.0.0.1 fd00::1', 1000]);
  });

  test('that know no such name, or fail, are an error', async (t) => {
    const server = await DnsServer.open(t, { 'none.test': [] });
    const resolve = resolverOf([server.address]);
    await assert.rejects(found(resolve, 'gone.test'), { code: 'ENOTFOUND' });
    await assert.rejects(found(resolve, 'none.test'), { code: 'ENODATA' });
    server.isBroken = true;
    await assert.rejects(found(resolve, 'none.test'), { code: 'ESERVFAIL' });
  });

  test('are asked for the texts of a name, of which there may be none', async (t) => {
    const server = await DnsServer.open(t, { 'none.test': [] });
    server.texts.set('a.test', ['one', 'x'.repeat(300)]);
    const resolve = textResolverOf([server.address]);
    assert.deepEqual(await resolve('a.test'), ['one', 'x'.repeat(300)]);
    assert.deepEqual([await resolve('none.test'), await resolve('gone.test')], [[], []]);
    server.isBroken = true;
    await assert.rejects(resolve('a.test'), { code: 'ESERVFAIL' });
  });

  test('are not asked for this machine', async (t) => {
    const server = await DnsServer.open(t);
    assert.match((await found(resolverOf([server.address]), 'localhost'))[0], /127\.0\.0\.1|::1/);
    assert.deepEqual(server.asked, []);
  });
});

test('this machine goes by localhost and all names below it', () => {
  for (const name of ['localhost', 'LOCALHOST.', 'a.localhost']) assert.equal(isLocalName(name), true);
  for (const name of ['a.test', 'notlocalhost', 'localhost.test']) assert.equal(isLocalName(name), false);
});

test('the resolver of the system tells no time to live', async () => {
  assert.equal((await found(resolverOf([]), 'localhost'))[1], null);
  await assert.rejects(found(resolverOf([]), 'a\0b'));
});
