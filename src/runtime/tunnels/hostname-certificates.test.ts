import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { makeCertificate } from '../../../test/support/pki.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { HostnameCertificates } from './hostname-certificates.ts';

test('a hostname has a certificate where one of the gateway is for it', (t) => {
  const certificates = new HostnameCertificates();
  certificates.follow(configOf({}));
  assert.equal(certificates.has('app.customer.test'), false);
  const tls = makeCertificate(temporaryFolder(t), 'app.customer.test', '*.wild.test');
  certificates.follow(configOf({ gateway: { listen: [{ address: '127.0.0.1:0', tls }] } }));
  const hosts = ['app.customer.test', 'a.wild.test', 'wild.test', 'other.customer.test'];
  assert.deepEqual(
    hosts.filter((host) => certificates.has(host)),
    hosts.slice(0, 2),
  );
  certificates.follow(
    configOf({ gateway: { listen: [{ address: '127.0.0.1:0', tls: { cert: '/gone', key: '/gone' } }] } }),
  );
  assert.equal(certificates.has('app.customer.test'), false);
});
