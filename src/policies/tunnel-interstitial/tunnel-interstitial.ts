// Shows browsers a page before their first visit to a tunnel: that what follows is the local server of somebody. Rule: what the page and
// the browser say to each other is between them and us; apps neither see it nor can say it for them.
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { isBrowserVisit, isFromSameHost } from './browser-visit.ts';
import { interstitialPage } from './interstitial-page.ts';

export interface InterstitialOptions {
  /** Names below it have the page; a hostname of an account's own has none. */
  readonly domain: string;
  /** In lower case; null: nothing exempts. */
  readonly skipHeader: string | null;
  readonly cookieTtlMs: number;
  /** Whose names are those of people whom the operator knows: they have no page. */
  readonly isKnown?: (name: string) => boolean;
}

const COOKIE = 'sluice-interstitial';
const SEEN = `${COOKIE}=seen`;
/** At the end of the query, by which the button of the page is known. */
const MARK = `${COOKIE}=continue`;

type Verdict = keyof typeof REASONS;

const REASONS = {
  known: 'the tunnel belongs to a user of the configuration',
  elsewhere: 'the host is no name of a tunnel below the domain',
  pressed: 'the button of the page was pressed',
  forged: 'the button of the page is said to be pressed, and another page says it',
  skipped: 'the request says that it is to be let through',
  seen: 'this browser has been told',
  program: 'no browser that goes to a page',
  told: 'the first visit of a browser',
} as const;

export function tunnelInterstitial(options: InterstitialOptions): Policy {
  const { domain, skipHeader, cookieTtlMs, isKnown = () => false } = options;
  const below = `.${domain}`;
  const verdicts = new WeakMap<Exchange, Verdict>();
  const isBelow = (host: string): boolean => host.endsWith(below) && !host.slice(0, -below.length).includes('.');
  const maxAge = Math.floor(cookieTtlMs / 1000);
  return {
    name: 'tunnel-interstitial',
    request(exchange: Exchange): void {
      const { host } = exchange.request;
      const verdict = isBelow(host)
        ? verdictOf(exchange, skipHeader, isKnown(host.slice(0, -below.length)))
        : 'elsewhere';
      verdicts.set(exchange, verdict);
      if (verdict === 'pressed' || verdict === 'forged') sendBack(exchange, verdict === 'pressed' ? maxAge : null);
      else if (verdict === 'told') {
        const { host, query } = exchange.request;
        exchange.answer(interstitialPage({ host, action: `${query === '' ? '?' : `${query}&`}${MARK}`, skipHeader }));
      }
    },
    response({ request, response }: Exchange): void {
      if (!response.isOurs && isBelow(request.host)) withoutOurs(response.fields);
    },
    explain: (exchange) => REASONS[verdicts.get(exchange) ?? 'elsewhere'],
  };
}

/** What is between the browser and us is gone from the request afterwards. */
function verdictOf({ request }: Exchange, skipHeader: string | null, isKnown: boolean): Verdict {
  const { fields } = request;
  if (request.method === 'POST' && isMarked(request.query)) return isFromSameHost(request) ? 'pressed' : 'forged';
  const hasSeen = takeCookie(fields);
  const isSkipped = skipHeader !== null && fields.has(skipHeader);
  if (isSkipped) fields.remove(skipHeader);
  if (isKnown) return 'known';
  if (!isBrowserVisit(request)) return 'program';
  if (isSkipped) return 'skipped';
  return hasSeen ? 'seen' : 'told';
}

function isMarked(query: string): boolean {
  return query.endsWith(MARK) && /[?&]/.test(query.at(-MARK.length - 1) ?? '');
}

/** To where the browser wanted to go; without the cookie it sees the page. `maxAge` in seconds; null: no cookie. */
function sendBack(exchange: Exchange, maxAge: number | null): void {
  const { request, client } = exchange;
  const query = request.query.slice(0, -MARK.length - 1);
  const cookie = `${SEEN}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${client.secure ? '; Secure' : ''}`;
  exchange.answer({
    status: 303,
    fields: [
      ['Location', `${samePath(request.path)}${query}`],
      ['Cache-Control', 'no-store'],
      ['X-Robots-Tag', 'noindex'],
      ...(maxAge === null ? [] : [['Set-Cookie', cookie] as const]),
    ],
  });
}

/** A path that begins with two slashes, of whatever kind, would be read as the name of another server. */
function samePath(path: string): string {
  return /^\/(?:$|[^/\\\s])/.test(path) ? path : `/.${path}`;
}

/** True: it was there, as we have set it. */
function takeCookie(fields: Fields): boolean {
  const said = fields.getAll('cookie');
  if (!said.some((text) => text.includes(COOKIE))) return false;
  const pairs = said.flatMap((text) => text.split(';')).map((pair) => pair.trim());
  const others = pairs.filter((pair) => pair !== '' && !isOurs(pair));
  if (others.length === 0) fields.remove('cookie');
  else fields.set('cookie', others.join('; '));
  return pairs.includes(SEEN);
}

function isOurs(pair: string): boolean {
  return pair === COOKIE || pair.startsWith(`${COOKIE}=`);
}

/** An app that set it would let its visitors past the page. */
function withoutOurs(fields: Fields): void {
  if (!fields.has('set-cookie')) return;
  const all = fields.getAll('set-cookie');
  const others = all.filter(
    (cookie) =>
      !isOurs(
        cookie
          .split(';', 1)[0]
          ?.replace(/\s*=\s*/, '=')
          .trim() ?? '',
      ),
  );
  if (others.length === all.length) return;
  fields.remove('set-cookie');
  for (const cookie of others) fields.append('Set-Cookie', cookie);
}
