// What was tried on the way to a destination, as members of Proxy-Status (RFC 9209). Rule: it is made only when something has
// failed, and holds nothing but printable ASCII.
import type { ChainAttempt } from '../../services/chain/chain-link.ts';

export function trailOf(attempts: readonly ChainAttempt[]): string {
  return attempts.map(oneOf).join(', ');
}

function oneOf({ hop, member, code, message, durationMs }: ChainAttempt): string {
  const name = hop === '' ? 'direct' : nameOf(hop, member);
  return `${quoted(name)}; error=${code}; details=${quoted(`${message} (${Math.round(durationMs)} ms)`)}`;
}

/** The proxy of a hop in its short form goes by the name of the hop. */
export function nameOf(hop: string, member: string): string {
  return hop === member ? hop : `${hop}/${member}`;
}

/** An sf-string (RFC 8941, 3.3.3). */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
