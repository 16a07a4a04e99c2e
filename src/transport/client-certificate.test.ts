import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { clientCertificateOf } from './client-certificate.ts';

function certificateFor(t: TestContext, subject: string): X509Certificate {
  const folder = temporaryFolder(t);
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const to = ['-nodes', '-days', '2', '-keyout', key, '-out', cert, '-utf8', '-subj', subject];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...to], {
    stdio: 'pipe',
  });
  return new X509Certificate(readFileSync(cert));
}

/** What a socket that has shown it looks like. */
function socketWith(certificate: X509Certificate | undefined, authorized: boolean): net.Socket {
  return Object.assign(new net.Socket(), { authorized, getPeerX509Certificate: () => certificate });
}

test('a certificate that was verified has a subject in one line, the most specific part first, and its octets', (t) => {
  const certificate = certificateFor(t, '/C=DE/O=Example, Inc/CN=Zoë');
  const { subject, raw } = clientCertificateOf(socketWith(certificate, true)) ?? assert.fail('there is none');
  assert.equal(subject, String.raw`CN=Zoë,O=Example\, Inc,C=DE`);
  assert.deepEqual(Buffer.from(raw), Buffer.from(certificate.raw));
});

test('nothing is known of one that was not verified, or where there is none', (t) => {
  assert.equal(clientCertificateOf(socketWith(certificateFor(t, '/CN=mallory'), false)), null);
  assert.equal(clientCertificateOf(socketWith(undefined, true)), null);
  assert.equal(clientCertificateOf(new net.Socket()), null);
});
