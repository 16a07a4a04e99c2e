// A policy of its own, for signed-links.yaml: lets in links that were signed with a secret and have not expired, as a shop gives
// them out for downloads. A link is /path?expires=SECONDS&signature=HEX; the signature is HMAC-SHA256 of "/path SECONDS".
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Exchange, Policy, PolicyContext } from 'sluice';

interface Settings {
  readonly secret: string;
}

/** What it throws is shown with the line of the settings, before anything is in force. */
export function check({ secret, ...others }: Partial<Settings>): void {
  if (typeof secret !== 'string' || secret.length < 16) throw new Error('`secret` needs at least 16 characters');
  if (Object.keys(others).length > 0) throw new Error(`unknown: ${Object.keys(others).join(', ')}`);
}

export function policy({ secret }: Settings, { log }: PolicyContext): Policy {
  return {
    name: 'signed-links',
    request(exchange: Exchange): void {
      const { path, query } = exchange.request;
      const given = new URLSearchParams(query);
      const expires = Number(given.get('expires'));
      const isSigned = isSame(given.get('signature') ?? '', signature(`${path} ${expires}`));
      if (isSigned && expires > Date.now() / 1000) return;
      log.info('a link was refused', { path, why: isSigned ? 'expired' : 'not signed', client: exchange.client.address });
      exchange.fail('forbidden', isSigned ? 'This link has expired.' : 'This link is not valid.');
    },
    response({ response }: Exchange): void {
      // What one client was given a link for is not for a cache to give to others.
      response.fields.set('Cache-Control', 'private');
    },
  };

  function signature(text: string): Buffer {
    return createHmac('sha256', secret).update(text).digest();
  }
}

function isSame(hex: string, wanted: Buffer): boolean {
  const given = Buffer.from(hex, 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
