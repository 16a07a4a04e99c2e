import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyLines, originOf } from './key-lines.ts';

test('a config is a line for each key, and lists of plain values are one', () => {
  const config = {
    gateway: { listen: null, routes: [{ to: 'x' }, { to: 'y' }], names: ['a', 'b'], tags: {} },
    word: '',
  };
  assert.deepEqual(
    keyLines(config).map(({ key, value }) => `${key}: ${value}`),
    [
      'gateway.listen: null',
      'gateway.routes[0].to: x',
      'gateway.routes[1].to: y',
      'gateway.names: ["a","b"]',
      'gateway.tags: {}',
      'word: ""',
    ],
  );
});

test('a key comes from where it stands, or from where what it is a part of stands', () => {
  const origins = { 'gateway.routes[0]': 'sluice.yaml:3', log: 'SLUICE_LOG' };
  assert.equal(originOf(origins, 'gateway.routes[0].to'), 'sluice.yaml:3');
  assert.equal(originOf(origins, 'gateway.routes[1].to'), null);
  assert.equal(originOf(origins, 'log.level'), 'SLUICE_LOG');
  assert.equal(originOf(origins, 'process'), null);
});
