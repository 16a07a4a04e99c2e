import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Forwarding, forwardedLines } from './forwarded-lines.ts';

test('an upstream is told the address of the client, how it came, and through whom', () => {
  assert.equal(
    forwardedLines({ remoteAddress: '192.0.2.7', secure: false }, '1.1 sluice-1').toString(),
    'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nVia: 1.1 sluice-1\r\n',
  );
  assert.equal(
    forwardedLines({ remoteAddress: '2001:db8::1', secure: true }, '2.0 sluice-1').toString(),
    'X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: https\r\nVia: 2.0 sluice-1\r\n',
  );
});

test('an upstream can be told in the standard field, or in both', () => {
  const lines = (remoteAddress: string, forwarding: Forwarding): string =>
    forwardedLines({ remoteAddress, secure: true }, '1.1 sluice-1', forwarding).toString();
  assert.equal(lines('192.0.2.7', 'forwarded'), 'Forwarded: for=192.0.2.7;proto=https\r\nVia: 1.1 sluice-1\r\n');
  assert.equal(
    lines('2001:db8::1', 'both'),
    'X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: https\r\nForwarded: for="[2001:db8::1]";proto=https\r\nVia: 1.1 sluice-1\r\n',
  );
  assert.equal(lines('', 'forwarded'), 'Forwarded: for=unknown;proto=https\r\nVia: 1.1 sluice-1\r\n');
  assert.equal(lines('192.0.2.7', 'none'), '');
});

test('a client on a unix socket has no address to tell', () => {
  assert.equal(
    forwardedLines({ remoteAddress: '', secure: false }, '1.1 sluice-1').toString(),
    'X-Forwarded-Proto: http\r\nVia: 1.1 sluice-1\r\n',
  );
});

test('an upstream is told the certificate of a client, by its subject or whole', () => {
  const clientCertificate = { subject: 'CN=Zoë,O=Example', raw: Buffer.from('der') };
  const lines = (certificate: 'none' | 'subject' | 'full', shown: typeof clientCertificate | null): string => {
    const client = { remoteAddress: '', secure: true, clientCertificate: shown };
    return forwardedLines(client, 'x', 'x_forwarded', certificate).toString();
  };
  const subject = 'X-Forwarded-Proto: https\r\nX-Client-Cert-Subject: CN=Zoë,O=Example\r\n';
  assert.equal(lines('subject', clientCertificate), `${subject}Via: x\r\n`);
  assert.equal(lines('full', clientCertificate), `${subject}Client-Cert: :ZGVy:\r\nVia: x\r\n`);
  for (const none of [lines('none', clientCertificate), lines('full', null)]) {
    assert.equal(none, 'X-Forwarded-Proto: https\r\nVia: x\r\n');
  }
});
