import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainOrigin } from './plain-origin.ts';

const dialler = { dial: (): void => {} };

describe('a plain origin', () => {
  test('of a server goes by its URL', () => {
    const named = (host: string): string =>
      plainOrigin({ host, port: 80, label: 'direct', isProxy: false, dialler }).name;
    assert.deepEqual([named('a.test'), named('::1')], ['http://a.test:80', 'http://[::1]:80']);
  });

  test('of a proxy goes by the name that it is given', () => {
    const origin = plainOrigin({
      host: 'p.test',
      port: 3128,
      name: 'exits/one',
      label: 'exits/one',
      isProxy: true,
      dialler,
    });
    assert.deepEqual([origin.name, origin.isProxy, origin.tls], ['exits/one', true, null]);
  });
});
