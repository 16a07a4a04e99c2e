// TLS on both sides: of our doors, and towards servers and proxies. Rule: files are named here and read by whoever uses
// them; a certificate and its key belong together.

import { z } from 'zod';
import { filePath, nonEmptyText } from './fields.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface TlsConfig {
  /** Chosen by SNI; the first one answers when none fits. */
  readonly certificates: readonly Certificate[];
  readonly min_version: 'TLSv1.2' | 'TLSv1.3';
  /** null = clients need no certificate. */
  readonly client_ca: string | null;
  /** Asked for where there is a `client_ca`. */
  readonly client_certificate: 'required' | 'optional';
}

export interface ClientTls {
  /** Certificates to trust instead of the system's. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly server_name: string | null;
  readonly verify: boolean;
}

const certificate: z.ZodType<Certificate> = z.strictObject({
  cert: filePath().describe('The certificate and those that it was issued with, PEM.'),
  key: filePath().describe('The private key of the certificate, PEM.'),
});

export const serverTls: z.ZodType<TlsConfig> = z
  .strictObject({
    cert: filePath()
      .exactOptional()
      .describe('The certificate and those that it was issued with, PEM.')
      .meta({ samples: ['cert.pem'] }),
    key: filePath()
      .exactOptional()
      .describe('The private key of the certificate, PEM.')
      .meta({ samples: ['key.pem'] }),
    certificates: z
      .array(certificate)
      .prefault([])
      .describe(
        'Several certificates, or further ones. The name that a client asks for (SNI) decides; the first is the fallback.',
      )
      .meta({ samples: [[{ cert: 'a.pem', key: 'a.key' }]] }),
    min_version: z.enum(['TLSv1.2', 'TLSv1.3']).prefault('TLSv1.2').describe('The oldest version that is accepted.'),
    client_ca: filePath()
      .nullable()
      .prefault(null)
      .describe('A PEM file of authorities. Clients must then present a certificate that one of them has issued.'),
    client_certificate: z
      .enum(['required', 'optional'])
      .prefault('required')
      .describe(
        'With `client_ca`: `optional` lets clients in that have no certificate, or one that cannot be verified. Which it is, backends see by `gateway.forwarded_certificate`.',
      ),
  })
  .transform(({ cert, key, certificates, ...rest }, context): TlsConfig => {
    if ((cert === undefined) !== (key === undefined)) {
      context.issues.push({ code: 'custom', message: '"cert" and "key" belong together', input: cert ?? key });
    }
    const first = cert === undefined || key === undefined ? [] : [{ cert, key }];
    if (cert === undefined && key === undefined && certificates.length === 0) {
      context.issues.push({ code: 'custom', message: 'expected "cert" and "key", or "certificates"', input: cert });
    }
    return { certificates: [...first, ...certificates], ...rest };
  });

export const clientTls: z.ZodType<ClientTls> = z
  .strictObject({
    ca: filePath()
      .nullable()
      .prefault(null)
      .describe('A PEM file of authorities to trust instead of those of the system.'),
    cert: filePath().nullable().prefault(null).describe('A client certificate, PEM.'),
    key: filePath().nullable().prefault(null).describe('The key of the client certificate, PEM.'),
    server_name: nonEmptyText()
      .nullable()
      .prefault(null)
      .describe('The name that the certificate must bear. `null`: the host of the URL.'),
    verify: z.boolean().prefault(true).describe('`false` accepts every certificate. Only for tests.'),
  })
  .refine(({ cert, key }) => (cert === null) === (key === null), {
    message: 'a client certificate needs both "cert" and "key"',
  });
