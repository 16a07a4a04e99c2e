import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { configOf, Gateway } from '../../../test/support/gateway.ts';

const answering = (body: string): object => ({ routes: [{ to: { respond: { body } } }] });

describe('a door', () => {
  test('takes a new configuration over without being opened again', async (t) => {
    const gateway = await Gateway.open(t, { gateway: answering('old') });
    const { url } = gateway;
    assert.equal((await ask(url)).body, 'old');
    await gateway.apply({ gateway: answering('new') });
    assert.deepEqual([gateway.url, (await ask(url)).body], [url, 'new']);
  });

  test('stays as it is when another door cannot take the configuration', async (t) => {
    const gateway = await Gateway.open(t, { gateway: answering('old') });
    const taken = gateway.url.replace('http://', '');
    const bad = configOf({ gateway: { ...answering('new'), listen: '127.0.0.1:0' }, egress: { listen: taken } });
    await assert.rejects(gateway.plane.apply(bad), { code: 'listen_failed' });
    assert.equal((await ask(gateway.url)).body, 'old');
  });
});
