// Reads certificates and keys. Rule: what cannot be read is named with the file and the reason, never with its content.
import { readFileSync } from 'node:fs';
import type { Certificate as CertificateFiles, ClientTls, TlsConfig } from '../../config/schema/tls.ts';
import type { OriginTls, PemFile } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Certificate, ServerTlsOptions } from '../../transport/tls-context.ts';

function readPem(file: string): PemFile {
  try {
    return { name: file, pem: readFileSync(file, 'utf8') };
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new SluiceError('config_invalid', { message: `${file} cannot be read: ${reason}`, cause });
  }
}

export function serverTls(config: TlsConfig, ticketKeys: Buffer): ServerTlsOptions {
  const [first, ...others] = config.certificates.map(readCertificate);
  if (first === undefined) throw new SluiceError('config_invalid', { message: 'TLS needs a certificate' });
  return {
    certificates: [first, ...others],
    minVersion: config.min_version,
    ticketKeys,
    ...(config.client_ca === null ? {} : { clientCa: readPem(config.client_ca) }),
    clientCertificateOptional: config.client_certificate === 'optional',
  };
}

export function originTls(config: ClientTls): OriginTls {
  const { ca, cert, key } = config;
  return {
    serverName: config.server_name,
    ca: ca === null ? null : readPem(ca),
    certificate: cert === null || key === null ? null : { cert: readPem(cert), key: readPem(key) },
    verify: config.verify,
  };
}

function readCertificate({ cert, key }: CertificateFiles): Certificate {
  return { cert: readPem(cert), key: readPem(key) };
}
