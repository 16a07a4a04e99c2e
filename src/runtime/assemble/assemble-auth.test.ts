import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authPolicy } from '../../config/schema/policies-auth.ts';
import type { AsideRequest } from '../../contract/aside.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { ForwardTarget, Origin } from '../../contract/target.ts';
import { EditableFields } from '../../engine/fields.ts';
import { UserDirectory } from '../../services/identity/user-directory.ts';
import { assembleAuth } from './assemble-auth.ts';

const users = new UserDirectory([]);

test('users are asked for, or another server is', () => {
  assert.equal(assembleAuth('users', users).inDryRun, undefined);
  assert.equal(assembleAuth({ realm: 'a', user_header: null }, users).inDryRun, undefined);
});

test('another server is asked at its URL, under its own name', () => {
  const wanted = authPolicy.parse({ forward: 'h2c://auth.test:9000/verify?x=1' });
  assert.ok(wanted !== 'none');
  const policy = assembleAuth(wanted, users);
  const asked: [ForwardTarget, AsideRequest][] = [];
  const exchange = {
    client: { secure: false },
    request: { method: 'GET', path: '/', query: '', authority: 'a.test', fields: new EditableFields() },
    aside: (target: ForwardTarget, request: AsideRequest) => void asked.push([target, request]),
  } as unknown as Exchange;
  void policy.request?.(exchange);
  const [target, request] = asked[0] ?? assert.fail('nobody was asked');
  const origin = target.select(exchange, []) as Origin;
  assert.deepEqual([origin.name, origin.hostField, origin.pathPrefix], ['h2c://auth.test:9000', 'auth.test:9000', '']);
  assert.deepEqual([request.target, request.timeoutMs, target.maxAttempts], ['/verify?x=1', 5000, 2]);
});
