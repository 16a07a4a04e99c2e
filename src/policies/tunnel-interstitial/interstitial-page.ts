// The page before the first visit of a browser to a tunnel. Rule: it runs nothing and loads nothing, and whatever comes from the request
// stands in it as text.
import type { Answer } from '../../contract/exchange.ts';

export interface PageWords {
  readonly host: string;
  /** Where the button leads, from this page on. */
  readonly action: string;
  /** null: there is none. */
  readonly skipHeader: string | null;
}

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem;color-scheme:light dark;overflow-wrap:anywhere}' +
  'button{font:inherit;padding:.5rem 1rem;cursor:pointer}small{opacity:.7}';

/** Of the style, so that no other is taken. */
const STYLE_HASH = 'l4qMxYfuI0vOfQSFtkyZ7adRFzLeIbUCCGH/Hd1OnFg=';

const CONTENT_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const FIELDS: NonNullable<Answer['fields']> = [
  ['Content-Type', 'text/html; charset=utf-8'],
  ['Cache-Control', 'no-store'],
  ['X-Robots-Tag', 'noindex'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  // The button tells where it was pressed.
  ['Referrer-Policy', 'same-origin'],
  ['Content-Security-Policy', CONTENT_POLICY],
  // For programs that pass for a browser.
  ['Sluice-Interstitial', '1'],
];

export function interstitialPage({ host, action, skipHeader }: PageWords): Answer {
  const name = escaped(host);
  const programs =
    skipHeader === null
      ? ''
      : `<p><small>Programs are let through with the header field <code>${escaped(skipHeader)}: 1</code>.</small>\n`;
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="same-origin">
<title>${name}: a local server</title>
<style>${STYLE}</style>
<h1>You are about to visit <strong>${name}</strong></h1>
<p>What follows comes from a server on somebody's own computer. Whoever runs this address has not examined it and does not vouch for it.
<p>Go on only if you trust the person who gave you the address, and do not type in passwords or card numbers that belong elsewhere.
<form method="post" action="${escaped(action)}"><button>Go on to ${name}</button></form>
<p><small>You will not be asked again for this address for a while.</small>
${programs}`;
  return { status: 200, fields: FIELDS, body };
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => ENTITIES.get(mark) ?? mark);
}
