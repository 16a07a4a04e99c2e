import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isOwnConfig, PREDECESSOR_NAMES, PREDECESSORS, recognisePredecessor, withOwnVariables } from './predecessor.ts';

describe('whose a file is', () => {
  for (const [expected, document] of [
    ['mooltiroute', { webshare: {} }],
    ['mooltiroute', { server: { bind_address: 'a' }, logging: {} }],
    ['custom-proxy', { routing: {}, cache: {} }],
    ['custom-proxy', { server: { host: 'a', timeouts: {} } }],
    ['aimux', { listen: ':1', state_dir: '~' }],
    ['aimux', { AnthropicBase: 'https://a', Users: [] }],
    ['retunnel', { server_addr: 'a' }],
    ['retunnel', { auth_token: 'a' }],
    ['retunnel', { tunnels: [] }],
    ['filters', { domains: { blocked: [] } }],
    [undefined, { server: { port: 1 }, logging: {}, metrics: {} }],
    [undefined, {}],
    [undefined, null],
  ] as const) {
    test(`is told by its keys: ${JSON.stringify(document)}`, () => {
      assert.equal(recognisePredecessor(document as never)?.name, expected);
    });
  }

  test('is nobody else’s when it has our sections', () => {
    assert.ok(isOwnConfig({ gateway: {} }));
    assert.ok(!isOwnConfig({ server: {}, routing: {} }));
  });

  test('has a name of its own for each', () => {
    assert.deepEqual(PREDECESSORS.map(({ name }) => name).toSorted(), [...PREDECESSOR_NAMES].toSorted());
  });
});

test('what was no variable there is none here', () => {
  const read = (name: string, text: string): unknown => {
    const predecessor = PREDECESSORS.find((each) => each.name === name)!;
    return withOwnVariables({ a: [text, 1] }, predecessor);
  };
  assert.deepEqual(read('mooltiroute', 'x${A}'), { a: ['x${A}', 1] });
  assert.deepEqual(read('retunnel', '${A}'), { a: ['${A}', 1] });
  assert.deepEqual(read('retunnel', 'x${A}'), { a: ['x$${A}', 1] });
  assert.deepEqual(read('aimux', '${A}'), { a: ['$${A}', 1] });
});
