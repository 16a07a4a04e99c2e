import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeSchema } from './node.ts';

test('other nodes are let in only with a secret', () => {
  const node = nodeSchema.parse({ secret: 'of-all-nodes-123' });
  assert.deepEqual(node, { listen: '127.0.0.1:7946', address: null, secret: 'of-all-nodes-123', tls: null });
  assert.equal(nodeSchema.safeParse({}).success, false);
});

test('others need to know a port', () => {
  const of = (address: string): boolean => nodeSchema.safeParse({ secret: 'x', address }).success;
  assert.deepEqual([of('10.0.0.5:7946'), of('10.0.0.5'), of('unix:/run/x'), of('')], [true, false, false, false]);
});
