import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nearestName } from './nearest-name.ts';

describe('nearestName', () => {
  const keys = ['retries', 'retry', 'listen', 'tls', 'gateway', 'default_backend'];

  test('finds the name behind a missing, an extra, a wrong and two swapped letters', () => {
    assert.equal(nearestName('retires', keys), 'retries');
    assert.equal(nearestName('lisen', keys), 'listen');
    assert.equal(nearestName('listenn', keys), 'listen');
    assert.equal(nearestName('getaway', keys), 'gateway');
    assert.equal(nearestName('lts', keys), 'tls');
  });

  test('does not mind the case', () => assert.equal(nearestName('TLS', keys), 'tls'));

  test('says nothing when nothing is near', () => {
    assert.equal(nearestName('colour', keys), undefined);
    assert.equal(nearestName('x', keys), undefined);
    assert.equal(nearestName('anything', []), undefined);
  });

  test('prefers the nearer of two candidates and the first of two equally near ones', () => {
    assert.equal(nearestName('default_backnd', ['default_back', 'default_backend']), 'default_backend');
    assert.equal(nearestName('cat', ['bat', 'hat']), 'bat');
  });
});
