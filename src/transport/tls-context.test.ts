import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CertificateAuthority, type IssuedCertificate } from '../../test/support/certificate-authority.ts';
import { SluiceError } from '../core/errors.ts';
import {
  createClientContext,
  createServerContexts,
  type Certificate,
  type NamedPem,
  type ServerTlsOptions,
} from './tls-context.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
after(() => rmSync(dir, { recursive: true }));

const authority = new CertificateAuthority(dir);
const first = certificate(authority.issue('first', 'DNS:first.example', 'DNS:api.wild.example', 'IP:127.0.0.1'));
const wild = certificate(authority.issue('wild', 'DNS:*.Wild.example', 'DNS:wild.example'));
const nameless = certificate(authority.issue('by-common-name.example'));

function pem(name: string, text: string): NamedPem {
  return { name, pem: text };
}

function certificate({ certFile, cert, keyFile, key }: IssuedCertificate): Certificate {
  return { cert: pem(certFile, cert), key: pem(keyFile, key) };
}

function message(body: () => void): string {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.code, 'config_invalid');
    return error.message;
  }
  return assert.fail('nothing was thrown');
}

describe('createServerContexts', () => {
  const contexts = createServerContexts({ certificates: [first, wild, nameless] });
  const wildContext = contexts.find('wild.example');

  test('finds the certificate of an exact name before that of a wildcard', () => {
    assert.ok(contexts.find('first.example'));
    assert.equal(contexts.find('api.wild.example'), contexts.find('first.example'));
    assert.ok(wildContext);
    assert.equal(contexts.find('www.wild.example'), wildContext);
    assert.notEqual(contexts.find('www.wild.example'), contexts.find('first.example'));
  });

  test('the case of a name and a trailing dot make no difference', () => {
    assert.equal(contexts.find('WWW.Wild.Example.'), wildContext);
  });

  test('a wildcard stands for one label only, and an unknown name gets the default', () => {
    for (const name of ['a.b.wild.example', '.wild.example', 'other.example', 'example', '', '__proto__']) {
      assert.equal(contexts.find(name), undefined, name);
    }
  });

  test('a certificate without alternative names counts for its common name', () => {
    assert.ok(contexts.find('by-common-name.example'));
  });

  test('says when the first certificate ends', () => {
    const end = new X509Certificate(first.cert.pem).validToDate.getTime();
    assert.equal(createServerContexts({ certificates: [first] }).expiresAtMs, end);
    assert.ok(contexts.expiresAtMs >= end);
  });

  test('sessions of doors that ask for other client certificates are kept apart', () => {
    const clientCa = pem('ca.pem', authority.certificate.cert);
    const context = (more: Partial<ServerTlsOptions>): string | undefined =>
      createServerContexts({ certificates: [first], ...more }).options.sessionIdContext;
    const all = [context({}), context({ clientCa }), context({ clientCa, clientCertificateOptional: true })];
    assert.equal(new Set(all).size, 3);
    assert.equal(context({ clientCa }), all[1]);
  });

  test('asks for client certificates as told', () => {
    const clientCa = pem('ca.pem', authority.certificate.cert);
    const ask = (more: Partial<ServerTlsOptions>): (boolean | undefined)[] => {
      const { options } = createServerContexts({ certificates: [first], ...more });
      return [options.requestCert, options.rejectUnauthorized];
    };
    assert.deepEqual(ask({}), [false, false]);
    assert.deepEqual(ask({ clientCa }), [true, true]);
    assert.deepEqual(ask({ clientCa, clientCertificateOptional: true }), [true, false]);
  });
});

describe('what is wrong is named with its file', () => {
  const broken = first.cert.pem.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  const encrypted = createPrivateKey(first.key.pem).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });

  for (const [name, bad, expected] of [
    ['no certificate', { ...first, cert: pem('a.pem', 'hello') }, /^a\.pem holds no PEM certificate$/],
    ['a broken certificate', { ...first, cert: pem('a.pem', broken) }, /^a\.pem holds a broken certificate: /],
    ['no key', { ...first, key: pem('k.pem', first.cert.pem) }, /^k\.pem holds no PEM private key$/],
    [
      'a broken key',
      { ...first, key: pem('k.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----') },
      /^k\.pem holds a broken private key: /,
    ],
    ['the key of another certificate', { ...first, key: wild.key }, /wild-key\.pem is not the key of .*first\.pem$/],
    [
      'an encrypted key without passphrase',
      { ...first, key: pem('k.pem', encrypted) },
      /^k\.pem is encrypted and the passphrase is missing$/,
    ],
    [
      'an encrypted key with the wrong passphrase',
      { ...first, key: pem('k.pem', encrypted), passphrase: 'guess' },
      /^k\.pem is encrypted and the passphrase is wrong$/,
    ],
  ] as const) {
    test(name, () => {
      assert.match(
        message(() => createServerContexts({ certificates: [bad] })),
        expected,
      );
      assert.match(
        message(() => createServerContexts({ certificates: [first, bad] })),
        expected,
      );
      assert.match(
        message(() => createClientContext({ certificate: bad })),
        expected,
      );
    });
  }

  test('an encrypted key with its passphrase is fine', () => {
    createServerContexts({ certificates: [{ ...first, key: pem('k.pem', encrypted), passphrase: 'secret' }] });
  });

  test('authorities without a certificate', () => {
    const empty = pem('ca.pem', '');
    assert.match(
      message(() => createClientContext({ ca: empty })),
      /^ca\.pem holds no PEM certificate$/,
    );
    const options: ServerTlsOptions = {
      certificates: [first],
      clientCa: pem('ca.pem', authority.certificate.cert + broken),
    };
    assert.match(
      message(() => createServerContexts(options)),
      /^ca\.pem holds a broken certificate: /,
    );
  });

  test('ticket keys of the wrong length are our own fault', () => {
    assert.throws(() => createServerContexts({ certificates: [first], ticketKeys: Buffer.alloc(16) }), {
      code: 'internal',
    });
  });
});

test('a client context can be made of nothing, of authorities and of a certificate', () => {
  createClientContext({});
  createClientContext({ ca: pem('ca.pem', authority.certificate.cert), certificate: wild, minVersion: 'TLSv1.3' });
});
