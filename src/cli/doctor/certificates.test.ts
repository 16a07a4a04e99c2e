import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CertificateAuthority } from '../../../test/support/certificate-authority.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { requirePeer } from '../../../test/support/peer.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { checkCertificates } from './certificates.ts';

const DAY_MS = 86_400_000;

test('certificates are told that expire, do not fit their keys, or whose keys everybody can read', (t) => {
  if (requirePeer(t, 'openssl') === undefined) return;
  const folder = temporaryFolder(t);
  const { certFile: cert, keyFile: key } = new CertificateAuthority(folder, 'one', 30).certificate;
  const other = new CertificateAuthority(temporaryFolder(t), 'two', 30).certificate;
  const marks = (certificates: object[], inDays = 0): string[] =>
    checkCertificates(configOf({ gateway: { tls: { certificates } } }), Date.now() + inDays * DAY_MS).map(
      ({ mark, message }) => `${mark} ${message}`,
    );
  chmodSync(key, 0o600);
  assert.match(marks([{ cert, key }])[0] ?? '', /^ok holds for (?:29|30) more days/);
  assert.match(marks([{ cert, key }], 20)[0] ?? '', /^warning holds for/);
  assert.match(marks([{ cert, key }], 40)[0] ?? '', /^failure has expired/);
  assert.match(marks([{ cert, key }], -5)[0] ?? '', /^failure holds only from/);
  assert.match(marks([{ cert, key: other.keyFile }])[0] ?? '', /^failure does not belong to the key/);
  assert.match(marks([{ cert: join(folder, 'none.pem'), key }])[0] ?? '', /^failure cannot be used: ENOENT/);
  chmodSync(key, 0o644);
  assert.match(marks([{ cert, key }])[0] ?? '', /^warning everybody can read its key/);
});
