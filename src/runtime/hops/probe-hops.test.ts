import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserted } from '../../../test/support/backends.ts';
import { fakeProxy } from '../../../test/support/fake-proxy.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { probeHops } from './probe-hops.ts';

test('every proxy is asked once, and what came of it is told', async (t) => {
  const { port } = await fakeProxy(t, (heard) => {
    return heard.endsWith('\r\n\r\n') ? { say: 'HTTP/1.1 204 No Content\r\n\r\n' } : null;
  });
  const health = { url: 'http://health.test/', timeout: '5s' };
  const proxies = [
    { id: 'a', url: `http://127.0.0.1:${port}` },
    { id: 'b', url: await deserted(t) },
  ];
  const probed = await probeHops(configOf({ hops: { exits: { health, proxies } } }));
  const said = probed.map(({ name, result }) => [name, result?.passed]);
  assert.deepEqual(
    new Map(said as [string, boolean][]),
    new Map([
      ['exits/a', true],
      ['exits/b', false],
    ]),
  );
});

test('where there are no hops there is nothing to ask', async () =>
  assert.deepEqual(await probeHops(configOf({})), []));
