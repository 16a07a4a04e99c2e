// Cross-origin resource sharing (Fetch, 3.2): answers what browsers ask before a request, and says of every answer whose pages may
// read it, errors included. Rule: what the configuration says is all that is said; what servers say of it is taken out.
import type { Exchange, Fields, RequestView } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { CorsOrigins } from './cors-origins.ts';

export interface CorsOptions {
  /** See CorsOrigins. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** `*`: whatever is asked for. */
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeMs: number;
  readonly privateNetwork: boolean;
}

/** What a request said of itself, before policies further in could change it. Reused with the exchange. */
interface Asked {
  startedAtMs: number;
  origin: string;
  /** Null: it is no preflight that is answered here. */
  preflight: Preflight | null;
}

interface Preflight {
  readonly headers: string;
  readonly isForPrivateNetwork: boolean;
}

const SERVERS_SAY = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-allow-private-network',
  'access-control-expose-headers',
  'access-control-max-age',
];
const FIELD_NAMES = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;
/** Nobody asks for more. */
const MAX_ASKED_LENGTH = 2048;

export function cors(options: CorsOptions): Policy {
  const shared = new CorsFields(options);
  const seen = new WeakMap<Exchange, Asked>();
  return {
    name: 'cors',
    request(exchange: Exchange): void {
      const { startedAtMs, request } = exchange;
      const origin = request.fields.get('origin') ?? '';
      const preflight = origin === '' ? null : preflightOf(request);
      const asked = seen.get(exchange);
      if (asked === undefined) seen.set(exchange, { startedAtMs, origin, preflight });
      else {
        asked.startedAtMs = startedAtMs;
        asked.origin = origin;
        asked.preflight = preflight;
      }
      if (preflight !== null) exchange.answer({ status: 204 });
    },
    response(exchange: Exchange): void {
      const asked = seen.get(exchange);
      const isOfThis = asked !== undefined && asked.startedAtMs === exchange.startedAtMs;
      // Whoever was refused before it came here has changed nothing yet.
      const origin = isOfThis ? asked.origin : (exchange.request.fields.get('origin') ?? '');
      shared.say(exchange.response.fields, origin, isOfThis ? asked.preflight : null);
    },
  };
}

/** The question of a browser whether a request may be made (Fetch, 4.8); any other OPTIONS is for the server. */
function preflightOf({ method, fields }: RequestView): Preflight | null {
  if (method !== 'OPTIONS' || !fields.has('access-control-request-method')) return null;
  return {
    headers: fields.get('access-control-request-headers') ?? '',
    isForPrivateNetwork: fields.get('access-control-request-private-network') === 'true',
  };
}

class CorsFields {
  readonly #options: CorsOptions;
  readonly #origins: CorsOrigins;
  readonly #methods: string;
  readonly #headers: string;
  readonly #expose: string;
  readonly #maxAge: string;

  constructor(options: CorsOptions) {
    this.#options = options;
    this.#origins = new CorsOrigins(options.origins);
    this.#methods = options.methods.join(', ');
    this.#headers = options.headers.join(', ');
    this.#expose = options.expose.join(', ');
    this.#maxAge = String(Math.floor(options.maxAgeMs / 1000));
  }

  say(fields: Fields, origin: string, preflight: Preflight | null): void {
    for (const name of SERVERS_SAY) if (fields.has(name)) fields.remove(name);
    const isAllowed = origin !== '' && this.#origins.allows(origin);
    if (isAllowed) this.#allow(fields, origin);
    if (isAllowed && preflight === null && this.#expose !== '') {
      fields.append('Access-Control-Expose-Headers', this.#expose);
    }
    if (isAllowed && preflight !== null) this.#allowRequest(fields, preflight);
    // Also where nothing is allowed: a cache must not give this answer to a page that may have another.
    varyBy(fields, 'Origin');
    if (preflight === null) return;
    varyBy(fields, 'Access-Control-Request-Method');
    varyBy(fields, 'Access-Control-Request-Headers');
  }

  #allow(fields: Fields, origin: string): void {
    const { credentials } = this.#options;
    fields.append('Access-Control-Allow-Origin', this.#origins.allowsAny && origin !== 'null' ? '*' : origin);
    if (credentials) fields.append('Access-Control-Allow-Credentials', 'true');
  }

  #allowRequest(fields: Fields, { headers, isForPrivateNetwork }: Preflight): void {
    fields.append('Access-Control-Allow-Methods', this.#methods);
    const allowed = this.#options.headers.includes('*') ? readable(headers) : this.#headers;
    if (allowed !== '') fields.append('Access-Control-Allow-Headers', allowed);
    fields.append('Access-Control-Max-Age', this.#maxAge);
    if (isForPrivateNetwork && this.#options.privateNetwork) {
      fields.append('Access-Control-Allow-Private-Network', 'true');
    }
  }
}

/** Names are named: with credentials a browser would take `*` for a name. */
function readable(asked: string): string {
  return asked.length <= MAX_ASKED_LENGTH && FIELD_NAMES.test(asked) ? asked : '';
}

function varyBy(fields: Fields, name: string): void {
  const named = fields.getAll('vary').flatMap((value) => value.split(','));
  const isNamed = named.some((each) => each.trim() === '*' || each.trim().toLowerCase() === name.toLowerCase());
  if (!isNamed) fields.append('Vary', name);
}
