// How some providers of proxies want sessions to be written, as their documentation had it at the time of writing.
// Rule: a provider's limits are kept even where a request asks for more; what is not documented is not sent.
import type { CredentialTemplateOptions } from './credential-template.ts';

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const ALPHANUMERIC = DIGITS + LOWER + LOWER.toUpperCase();

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface ProviderTemplate extends CredentialTemplateOptions {
  /** A session of theirs ends when it is not used for this long; null: it does not, or nobody says. */
  readonly idleMs: number | null;
}

export type ProviderName =
  | 'bright_data'
  | 'oxylabs'
  | 'decodo'
  | 'webshare'
  | 'iproyal'
  | 'soax'
  | 'geonode'
  | 'evomi'
  | 'massive';

export const PROVIDER_TEMPLATES: Readonly<Record<ProviderName, ProviderTemplate>> = {
  bright_data: {
    username: '{user}[-country-{country}][-session-{session}]',
    password: '{password}',
    session: { alphabet: ALPHANUMERIC, minLength: 1, maxLength: 32 },
    // Not sent: it knows no time to live but its idle time.
    ttl: { unit: 's', minMs: MINUTE_MS, maxMs: MINUTE_MS },
    country: 'lower',
    idleMs: 60 * SECOND_MS,
  },
  oxylabs: {
    username: '{user}[-cc-{country}][-sessid-{session}[-sesstime-{ttl}]]',
    password: '{password}',
    session: { alphabet: ALPHANUMERIC, minLength: 1, maxLength: 32 },
    ttl: { unit: 'm', minMs: MINUTE_MS, maxMs: 30 * MINUTE_MS },
    country: 'upper',
    userPrefix: 'customer-',
    idleMs: 60 * SECOND_MS,
  },
  decodo: {
    username: '{user}[-country-{country}][-session-{session}[-sessionduration-{ttl}]]',
    password: '{password}',
    session: { alphabet: ALPHANUMERIC, minLength: 1, maxLength: 32 },
    ttl: { unit: 'm', minMs: MINUTE_MS, maxMs: 1440 * MINUTE_MS },
    country: 'lower',
    userPrefix: 'user-',
    idleMs: null,
  },
  webshare: {
    username: '{user}[-{country}]-{session|rotate}',
    password: '{password}',
    session: { alphabet: DIGITS, minLength: 1, maxLength: 9 },
    ttl: { unit: 's', minMs: SECOND_MS, maxMs: DAY_MS },
    country: 'lower',
    idleMs: null,
  },
  iproyal: {
    username: '{user}',
    password: '{password}[_country-{country}][_session-{session}[_lifetime-{ttl}]]',
    session: { alphabet: ALPHANUMERIC, minLength: 8, maxLength: 8 },
    ttl: { unit: 'text', minMs: SECOND_MS, maxMs: 7 * DAY_MS },
    country: 'lower',
    idleMs: null,
  },
  soax: {
    username: '{user}[-country-{country}][-sessionid-{session}[-sessionlength-{ttl}]]',
    password: '{password}',
    session: { alphabet: ALPHANUMERIC, minLength: 1, maxLength: 32 },
    ttl: { unit: 's', minMs: SECOND_MS, maxMs: DAY_MS },
    country: 'lower',
    idleMs: null,
  },
  geonode: {
    username: '{user}[-country-{country}][-session-{session}[-lifetime-{ttl}]]',
    password: '{password}',
    session: { alphabet: `${ALPHANUMERIC}_`, minLength: 1, maxLength: 25 },
    ttl: { unit: 'm', minMs: 3 * MINUTE_MS, maxMs: 1440 * MINUTE_MS },
    country: 'lower',
    idleMs: null,
  },
  evomi: {
    username: '{user}',
    password: '{password}[_country-{country}][_session-{session}[_lifetime-{ttl}]]',
    session: { alphabet: ALPHANUMERIC, minLength: 6, maxLength: 10 },
    ttl: { unit: 'm', minMs: MINUTE_MS, maxMs: 120 * MINUTE_MS },
    country: 'upper',
    idleMs: null,
  },
  massive: {
    username: '{user}[-country-{country}][-session-{session}[-sessionttl-{ttl}]-sessionmode-{session_mode|flex}]',
    password: '{password}',
    session: { alphabet: `${ALPHANUMERIC}_`, minLength: 1, maxLength: 255 },
    ttl: { unit: 'm', minMs: MINUTE_MS, maxMs: 240 * MINUTE_MS },
    country: 'upper',
    idleMs: null,
  },
};
