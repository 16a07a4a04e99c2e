import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asksUsers, authPolicy } from './policies-auth.ts';

describe('who may enter', () => {
  test('is said by the users here, with more to say or not, or by another server', () => {
    assert.equal(authPolicy.parse('users'), 'users');
    assert.deepEqual(authPolicy.parse({ user_header: 'X-User' }), { user_header: 'X-User', realm: 'Sluice' });
    assert.deepEqual(authPolicy.parse({ forward: 'http://auth:9000/verify?x=1' }), {
      forward: 'http://auth:9000/verify?x=1',
      request_headers: null,
      response_headers: [],
      answer_headers: [],
      user_from: null,
      timeout: 5000,
    });
  });

  test('is a question to users unless another server is asked', () => {
    const all = ['users', 'none', { user_header: 'X-User' }, { forward: 'http://auth' }].map((auth) =>
      authPolicy.parse(auth),
    );
    assert.deepEqual(all.map(asksUsers), [true, false, true, false]);
    assert.equal(asksUsers(undefined), false);
  });

  test('is refused where it makes no sense', () => {
    for (const auth of [
      'user',
      { forward: 'auth:9000' },
      { forward: 'http://u:p@auth' },
      { forward: 'http://auth', response_headers: ['Host'] },
      { forward: 'http://auth', response_headers: ['X-Forwarded-For'] },
      { user_header: 'Content-Length' },
      { realm: 'a "b"' },
      { realm: '' },
      { forward: 'http://auth', realm: 'x' },
    ]) {
      assert.equal(authPolicy.safeParse(auth).success, false, JSON.stringify(auth));
    }
  });
});
