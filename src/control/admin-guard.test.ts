import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import { isOwnHost, isOwnWrite } from './admin-guard.ts';

describe('the Host of an admin request', () => {
  for (const host of [
    '127.0.0.1:8889',
    '127.0.0.1',
    'localhost:8889',
    'LocalHost',
    'localhost.:80',
    '[::1]:8889',
    '127.9.9.9',
  ]) {
    test(`${host} is a loopback door's own`, () => assert.equal(isOwnHost(host, '127.0.0.1'), true));
  }

  for (const host of [
    'evil.example',
    'evil.example:8889',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'x.localhost',
    '192.0.2.1:8889',
    '[2001:db8::1]:8889',
    '127.0.0.1:8889, evil.example',
    'user@127.0.0.1',
    '127.0.0.1:8889/',
    ':8889',
    '',
    undefined,
    null,
  ]) {
    test(`${JSON.stringify(host)} is not a loopback door's own`, () =>
      assert.equal(isOwnHost(host, '127.0.0.1'), false));
  }

  test('may be any address or the name of the machine when other machines reach the door, but no foreign name', () => {
    assert.equal(isOwnHost('192.0.2.1:8889', '0.0.0.0'), true);
    assert.equal(isOwnHost('[2001:db8::1]', '::'), true);
    assert.equal(isOwnHost(`${hostname()}:8889`, '0.0.0.0'), true);
    assert.equal(isOwnHost('evil.example', '0.0.0.0'), false);
  });

  test('may be the name that the config gives to the door', () => {
    assert.equal(isOwnHost('Admin.Test:8889', 'admin.test'), true);
    assert.equal(isOwnHost('192.0.2.1', 'localhost'), false);
  });
});

describe('a write to the admin API', () => {
  const own = { host: '127.0.0.1:8889', origin: null, fetchSite: null };

  test('passes without an Origin, as a command line sends it', () => assert.equal(isOwnWrite('POST', own), true));

  test('passes from the own page', () => {
    assert.equal(isOwnWrite('POST', { ...own, origin: 'http://127.0.0.1:8889', fetchSite: 'same-origin' }), true);
  });

  for (const origin of ['http://evil.example', 'http://127.0.0.1:3000', 'http://localhost:8889', 'null', '']) {
    test(`is refused from the origin ${JSON.stringify(origin)}`, () => {
      assert.equal(isOwnWrite('POST', { ...own, origin }), false);
    });
  }

  for (const fetchSite of ['cross-site', 'same-site', 'other']) {
    test(`is refused when the browser says ${fetchSite}`, () => {
      assert.equal(isOwnWrite('DELETE', { ...own, fetchSite }), false);
    });
  }

  test('does not concern reading', () => {
    assert.equal(isOwnWrite('GET', { ...own, origin: 'http://evil.example', fetchSite: 'cross-site' }), true);
  });
});
