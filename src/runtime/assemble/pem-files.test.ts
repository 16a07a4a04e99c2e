import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { originTls, serverTls } from './pem-files.ts';

const SETTINGS = { min_version: 'TLSv1.3', client_ca: null, client_certificate: 'optional' } as const;
const TICKET_KEYS = Buffer.alloc(48);

describe('certificates and keys', () => {
  test('of a door are read with their names, in the order of the configuration', (t) => {
    const folder = temporaryFolder(t);
    const file = (name: string): string => {
      const path = join(folder, name);
      writeFileSync(path, `content of ${name}`);
      return path;
    };
    const [first, second] = ['one', 'two'].map((name) => ({ cert: file(`${name}.pem`), key: file(`${name}.key`) }));
    const clientCa = file('ca.pem');
    const certificates = [first!, second!];
    const options = serverTls({ ...SETTINGS, certificates, client_ca: clientCa }, TICKET_KEYS);
    assert.deepEqual(
      options.certificates.map(({ cert, key }) => [cert.name, cert.pem, key.pem]),
      [
        [first!.cert, 'content of one.pem', 'content of one.key'],
        [second!.cert, 'content of two.pem', 'content of two.key'],
      ],
    );
    assert.deepEqual(options.clientCa, { name: clientCa, pem: 'content of ca.pem' });
    assert.equal(options.minVersion, 'TLSv1.3');
    assert.equal(options.ticketKeys, TICKET_KEYS);
  });

  test('of a door are needed', () => {
    assert.throws(() => serverTls({ ...SETTINGS, certificates: [] }, TICKET_KEYS), { code: 'config_invalid' });
  });

  test('that are not there or cannot be read are named with the reason', (t) => {
    const folder = temporaryFolder(t);
    const missing = join(folder, 'missing.pem');
    const read = (cert: string): unknown =>
      serverTls({ ...SETTINGS, certificates: [{ cert, key: cert }] }, TICKET_KEYS);
    assert.throws(() => read(missing), {
      code: 'config_invalid',
      message: `${missing} cannot be read: there is no such file`,
    });
    assert.throws(() => read(folder), { code: 'config_invalid', message: /cannot be read: EISDIR/ });
  });

  test('of a backend are read as far as there are any', (t) => {
    const file = join(temporaryFolder(t), 'ca.pem');
    writeFileSync(file, 'authority');
    const none = { ca: null, cert: null, key: null, server_name: null, verify: true };
    assert.deepEqual(originTls(none), { serverName: null, ca: null, certificate: null, verify: true });
    const pem = { name: file, pem: 'authority' };
    assert.deepEqual(originTls({ ca: file, cert: file, key: file, server_name: 'b.test', verify: false }), {
      serverName: 'b.test',
      ca: pem,
      certificate: { cert: pem, key: pem },
      verify: false,
    });
  });
});
