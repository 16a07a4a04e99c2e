import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BasicAuth } from './basic-auth.ts';

describe('Basic credentials', () => {
  test('are those of RFC 7617', () => {
    assert.equal(new BasicAuth('Aladdin', 'open sesame').authorize(), 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
    assert.equal(new BasicAuth('test', '123£').authorize(), 'Basic dGVzdDoxMjPCow==');
  });

  test('are the same for every request, and are not said again to a proxy that refused them', () => {
    const auth = new BasicAuth('a', 'b:c');
    assert.equal(auth.authorize(), auth.authorize());
    assert.equal(auth.challenge(), false);
    auth.accepted();
    assert.equal(auth.isBound, false);
  });
});
