// Throw-away certificates, made by openssl when they are asked for.
// Rule: no key is ever kept in the repository.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A self-signed P-256 certificate for the names given, and always for localhost and 127.0.0.1. */
export function makeCertificate(dir: string, ...names: readonly string[]): CertificateFiles {
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  const alternatives = ['localhost', ...names].map((name) => `DNS:${name}`);
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      files.key,
      '-out',
      files.cert,
      '-subj',
      `/CN=${names[0] ?? 'localhost'}`,
      '-addext',
      `subjectAltName=${[...alternatives, 'IP:127.0.0.1'].join(',')}`,
    ],
    { stdio: 'pipe' },
  );
  return files;
}
