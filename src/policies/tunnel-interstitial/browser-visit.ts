// Tells the visit of a person's browser from everything else that asks. Rule: in doubt it is something else, for a page in place of
// what a program has asked for breaks it.
import type { Fields, RequestView } from '../../contract/exchange.ts';

/** The address was typed in, or a link to it followed: what comes will be seen as a page of its own. */
export function isBrowserVisit({ method, wantsUpgrade, fields }: RequestView): boolean {
  if (method !== 'GET' || wantsUpgrade) return false;
  const mode = fields.get('sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate' && isWholePage(fields);
  // Over plain HTTP browsers do not say; what asks within a page takes more than pages, or says so.
  return (
    (fields.get('user-agent') ?? '').startsWith('Mozilla/') &&
    /(?:^|[\s,])text\/html(?:$|[\s,;])/i.test(fields.get('accept') ?? '') &&
    !fields.has('x-requested-with')
  );
}

/**
 * A page of the same host has sent it, so that a person has seen what it says: any other page could send its visitors past the
 * warning. Browsers say so in one of three ways. What stands in a frame is not seen for what it is.
 */
export function isFromSameHost({ host, fields }: RequestView): boolean {
  const site = fields.get('sec-fetch-site');
  if (site !== undefined) {
    return site === 'same-origin' && fields.get('sec-fetch-mode') === 'navigate' && isWholePage(fields);
  }
  const from = fields.get('origin') ?? fields.get('referer') ?? '';
  return /^https?:\/\/([^/:?#@]+)(?::\d+)?(?:\/|$)/i.exec(from)?.[1]?.toLowerCase() === host;
}

function isWholePage(fields: Fields): boolean {
  return (fields.get('sec-fetch-dest') ?? 'document') === 'document';
}
