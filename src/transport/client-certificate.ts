// The certificate that a client has shown. Rule: one that was not verified is as if there were none.
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface ClientCertificate {
  /** As RFC 4514 writes it, the most specific part first: CN=alice,O=Example. */
  readonly subject: string;
  /** DER. */
  readonly raw: Uint8Array;
}

export function clientCertificateOf(socket: net.Socket | TLSSocket): ClientCertificate | null {
  if (!('authorized' in socket) || !socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const { subject, raw } = certificate;
  // Node gives a line to each part and has escaped what is within.
  return { subject: (subject ?? '').split('\n').toReversed().join(','), raw };
}
