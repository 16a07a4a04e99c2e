// Turns certificates and keys, as PEM text, into what TLS needs on either side. Rule: whatever is wrong with one of them is
// found here, before anything uses it, and named with the file that it came from.
import { constants, createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { Buffer } from 'node:buffer';
import tls from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { SluiceError } from '../core/errors.ts';

/** PEM text and where it came from, for messages. */
export interface NamedPem {
  readonly name: string;
  readonly pem: string;
}

export interface Certificate {
  /** The certificate, then those that lead to its authority. */
  readonly cert: NamedPem;
  readonly key: NamedPem;
  readonly passphrase?: string;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface ServerTlsOptions {
  /** Chosen by the name that the client asks for; the first one serves all other names. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  readonly minVersion?: TlsVersion;
  /** What is spoken inside, best first; 'http/1.1' alone without it. */
  readonly alpn?: readonly string[];
  /** With it clients are asked for a certificate that one of these authorities has issued. */
  readonly clientCa?: NamedPem;
  /** Let clients without a valid certificate in all the same; whether there is one is then up to the policies. */
  readonly clientCertificateOptional?: boolean;
  /** 48 secret bytes, the same in every worker, so that a session begun with one is resumed by another. */
  readonly ticketKeys?: Buffer;
}

export interface ClientTlsOptions {
  /** The authorities to trust instead of those that Node brings. */
  readonly ca?: NamedPem;
  /** Shown to servers that ask for one. */
  readonly certificate?: Certificate;
  readonly minVersion?: TlsVersion;
}

/** TLS 1.3 and the forward-secret, authenticated suites of 1.2; the cheapest strong one first. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * In TLS 1.2 either side could begin one handshake after the other on a connection: costly for a server, and node:http2 ends
 * the whole process when it writes during one (RFC 9113, 9.2.1 forbids it).
 */
const NO_RENEGOTIATION = constants.SSL_OP_NO_RENEGOTIATION;

const TICKET_KEY_BYTES = 48;

/** What tls.Server needs, and the context of every name that has a certificate of its own. */
export interface ServerContexts {
  readonly options: tls.TlsOptions;
  /** The context for a name, or undefined: the default serves it. */
  find(serverName: string): tls.SecureContext | undefined;
  /** When the first of the certificates ends, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export function createServerContexts(options: ServerTlsOptions): ServerContexts {
  const shared = serverContextOptions(options);
  const offers = options.certificates.map((certificate) => ({ certificate, leaf: checkCertificate(certificate) }));
  const byName = new Map<string, tls.SecureContext | undefined>();
  const fallback = fallbackOf(offers);
  for (const { certificate, leaf } of offers) {
    // Each certificate is used once by itself, so that one which cannot be is found.
    const context = createContext(certificate.cert.name, { ...shared, ...certificateOptions([certificate]) });
    // Only the default has room for several keys.
    const chosen = fallback.length > 1 && fallback.includes(certificate) ? undefined : context;
    for (const name of namesOf(leaf)) if (!byName.has(name)) byName.set(name, chosen);
  }
  const expiresAtMs = Math.min(...offers.map(({ leaf }) => leaf.validToDate.getTime()));
  return {
    options: {
      ...shared,
      ...certificateOptions(fallback),
      ALPNProtocols: [...(options.alpn ?? ['http/1.1'])],
      requestCert: options.clientCa !== undefined,
      rejectUnauthorized: options.clientCa !== undefined && options.clientCertificateOptional !== true,
    },
    find: (serverName) =>
      options.certificates.length === 1 ? undefined : findByName(byName, serverName.toLowerCase()),
    expiresAtMs,
  };
}

interface Offer {
  readonly certificate: Certificate;
  readonly leaf: X509Certificate;
}

/**
 * The first certificate, and one for the same names with each other kind of key: a client that knows RSA alone is served, all
 * others get the faster ECDSA.
 */
function fallbackOf(offers: readonly Offer[]): readonly Certificate[] {
  const names = offers
    .slice(0, 1)
    .flatMap(({ leaf }) => namesOf(leaf))
    .toSorted();
  const byKind = new Map<string, Certificate>();
  for (const [index, { certificate, leaf }] of offers.entries()) {
    const kind = leaf.publicKey.asymmetricKeyType ?? '';
    const isSame = index === 0 || isDeepStrictEqual(namesOf(leaf).toSorted(), names);
    if (isSame && !byKind.has(kind)) byKind.set(kind, certificate);
  }
  return [...byKind.values()];
}

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** In lower case. */
  readonly names: readonly string[];
  readonly issuer: string;
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** Throws when it is none. */
export function certificateFacts(certificate: NamedPem): CertificateFacts {
  const leaf = parseCertificate(certificate);
  return {
    names: namesOf(leaf),
    issuer: leaf.issuer.replaceAll('\n', ', '),
    fingerprint: leaf.fingerprint256,
    validFromMs: leaf.validFromDate.getTime(),
    validToMs: leaf.validToDate.getTime(),
  };
}

export function createClientContext(options: ClientTlsOptions): tls.SecureContext {
  const { ca, certificate } = options;
  if (ca !== undefined) checkAuthorities(ca);
  if (certificate !== undefined) checkCertificate(certificate);
  return createContext(certificate?.cert.name ?? ca?.name ?? 'tls', {
    minVersion: options.minVersion ?? 'TLSv1.2',
    ciphers: CIPHERS,
    secureOptions: NO_RENEGOTIATION,
    ...(ca === undefined ? {} : { ca: ca.pem }),
    ...(certificate === undefined ? {} : certificateOptions([certificate])),
  });
}

function serverContextOptions(options: ServerTlsOptions): tls.SecureContextOptions {
  const { clientCa, ticketKeys } = options;
  if (clientCa !== undefined) checkAuthorities(clientCa);
  if (ticketKeys !== undefined && ticketKeys.length !== TICKET_KEY_BYTES) {
    throw new SluiceError('internal', { message: `TLS ticket keys are ${TICKET_KEY_BYTES} bytes` });
  }
  return {
    minVersion: options.minVersion ?? 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    secureOptions: NO_RENEGOTIATION,
    sessionIdContext: sessionIdContext(options),
    ...(clientCa === undefined ? {} : { ca: clientCa.pem }),
    ...(ticketKeys === undefined ? {} : { ticketKeys }),
  };
}

/**
 * A session carries the client's certificate as it was checked when the session began. Doors that ask for other
 * certificates must not resume it, so what is asked for is part of the context that sessions are bound to.
 */
function sessionIdContext(options: ServerTlsOptions): string {
  const asked = options.clientCa === undefined ? '' : options.clientCa.pem;
  const mode = options.clientCertificateOptional === true ? 'optional' : 'required';
  return createHash('sha256').update(`${mode}\n${asked}`).digest('hex').slice(0, 32);
}

function certificateOptions(certificates: readonly Certificate[]): tls.SecureContextOptions {
  return {
    cert: certificates.map(({ cert }) => cert.pem),
    key: certificates.map(({ key, passphrase }) => {
      return { pem: key.pem, ...(passphrase === undefined ? {} : { passphrase }) };
    }),
  };
}

function createContext(name: string, options: tls.SecureContextOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (cause) {
    throw problem(name, `cannot be used: ${reasonOf(cause)}`, cause);
  }
}

function checkCertificate({ cert, key, passphrase }: Certificate): X509Certificate {
  const leaf = parseCertificate(cert);
  const privateKey = parsePrivateKey(key, passphrase);
  if (!leaf.checkPrivateKey(privateKey)) throw problem(key.name, `is not the key of ${cert.name}`);
  return leaf;
}

function checkAuthorities(ca: NamedPem): void {
  const blocks = ca.pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (blocks.length === 0) throw problem(ca.name, 'holds no PEM certificate');
  for (const pem of blocks) parseCertificate({ name: ca.name, pem });
}

function parseCertificate({ name, pem }: NamedPem): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw problem(name, 'holds no PEM certificate');
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw problem(name, `holds a broken certificate: ${reasonOf(cause)}`, cause);
  }
}

function parsePrivateKey({ name, pem }: NamedPem, passphrase: string | undefined): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw problem(name, 'holds no PEM private key');
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch (cause) {
    if (/ENCRYPTED/.test(pem))
      throw problem(name, `is encrypted and the passphrase is ${passphrase === undefined ? 'missing' : 'wrong'}`);
    throw problem(name, `holds a broken private key: ${reasonOf(cause)}`, cause);
  }
}

/** OpenSSL's own errors carry a short reason beside a message full of numbers. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'reason' in cause && typeof cause.reason === 'string' ? cause.reason : cause.message;
}

function problem(name: string, what: string, cause?: unknown): SluiceError {
  return new SluiceError('config_invalid', { message: `${name} ${what}`, ...(cause === undefined ? {} : { cause }) });
}

/** The DNS names that a certificate is for, in lower case; without any, its common name. */
function namesOf(leaf: X509Certificate): string[] {
  const alternatives = (leaf.subjectAltName ?? '').split(', ').filter((each) => each.startsWith('DNS:'));
  if (alternatives.length > 0) return alternatives.map((each) => each.slice('DNS:'.length).toLowerCase());
  const commonName = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  return commonName === undefined ? [] : [commonName.toLowerCase()];
}

/** Exact before wildcard; a wildcard stands for exactly one label. */
function findByName(
  byName: ReadonlyMap<string, tls.SecureContext | undefined>,
  name: string,
): tls.SecureContext | undefined {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const dot = bare.indexOf('.');
  if (byName.has(bare)) return byName.get(bare);
  return dot > 0 ? byName.get(`*${bare.slice(dot)}`) : undefined;
}
