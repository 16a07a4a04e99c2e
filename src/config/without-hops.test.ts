import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config } from './config.ts';
import { loadConfig } from './load.ts';

function load(without: readonly string[]): Promise<Config> {
  const hops = { corporate: { proxy: 'http://a', optional: true }, exits: { proxy: 'http://b' } };
  const egress = {
    chain: ['corporate', 'exits'],
    rules: [
      { match: { host: 'a' }, via: ['corporate'] },
      { match: { host: 'b' }, tags: { a: 'b' } },
    ],
  };
  const to = { backends: ['http://c'], via: ['corporate', 'exits'] };
  const sections = {
    hops,
    egress,
    ai: { via: ['corporate'] },
    tunnels: { client: { via: ['corporate'] } },
    gateway: { routes: [{ to }, { to: { respond: {} } }] },
  };
  const overrides = Object.entries(sections).map(([path, value]) => ({ path, value, flag: path }));
  const options = { files: [], env: {}, cwd: '/', overrides, without, ignoreAvailability: true };
  return loadConfig(options).then(({ config }) => config);
}

describe('a hop that is left out', () => {
  test('is nowhere any more', async () => {
    const { hops, egress, gateway, ai, tunnels } = await load(['corporate']);
    assert.deepEqual([Object.keys(hops), egress.chain, ai.via], [['exits'], ['exits'], []]);
    assert.deepEqual(tunnels.client.via, []);
    assert.deepEqual(
      egress.rules.map(({ via }) => via),
      [[], null],
    );
    const to = gateway.routes[0]?.to;
    assert.deepEqual(to !== undefined && 'backends' in to && to.via, ['exits']);
  });

  test('is optional and exists, or nothing starts', async () => {
    await assert.rejects(load(['exits']), { code: 'usage', message: /"exits" cannot be left out/ });
    await assert.rejects(load(['corporat']), { code: 'usage', message: /Did you mean "corporate"\?/ });
  });

  test('is none by default', async () => {
    assert.deepEqual(Object.keys((await load([])).hops), ['corporate', 'exits']);
  });
});
