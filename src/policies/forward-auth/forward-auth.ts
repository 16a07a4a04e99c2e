// Asks another server about each request, as nginx (auth_request), Traefik (forwardAuth) and Caddy (forward_auth) do: 2xx lets it in,
// 3xx and 4xx are the client's answer. Rule: without a clear word nobody enters; what only that server may say is taken out of requests
// before it can be taken for its word.
import { Buffer } from 'node:buffer';
import type { Aside, AsideEvents } from '../../contract/aside.ts';
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { OwnFields } from '../../services/identity/own-fields.ts';
import type { ForwardTarget } from '../../contract/target.ts';

export interface ForwardAuthOptions {
  readonly target: ForwardTarget;
  /** Path and query of what is asked for. */
  readonly path: string;
  /** For a dry run. */
  readonly url: string;
  /** Of the client's, in whatever case; null: all. */
  readonly requestHeaders: readonly string[] | null;
  readonly responseHeaders: readonly string[];
  readonly answerHeaders: readonly string[];
  readonly userFrom: string | null;
  readonly timeoutMs: number;
}

type Lines = (readonly [name: string, value: string])[];

/** What the server has said of a request that it lets in. */
interface Word {
  readonly request: Lines;
  readonly answer: Lines;
  readonly user: string;
}

/** Of an exchange that waits, or has been let in. */
interface Asking {
  aside: Aside | null;
  answer: Lines;
}

/**
 * About the body, or a copy that the client has: they would be answered instead of the question. And what says which request it is
 * about: that is for us to say.
 */
const NOT_ASKED = [
  /^(?:accept-ranges|content-.*|if-.*|range|sec-websocket-.*)$/,
  /^(?:forwarded|x-forwarded-.*|x-original-.*|x-real-ip|x-rewrite-url|x-http-method.*|x-method-override)$/,
];
/** Of the connection with that server, and of the form of its answer. */
const NOT_PASSED_ON =
  /^(?:connection|content-length|date|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|via)$/;
/** A page that asks for a login is smaller. */
const MAX_BODY_BYTES = 1024 * 1024;

export function forwardAuth(options: ForwardAuthOptions): Policy {
  const asking = new WeakMap<Exchange, Asking>();
  const only =
    options.requestHeaders === null ? null : new Set(options.requestHeaders.map((name) => name.toLowerCase()));
  const owned = new OwnFields(options.responseHeaders);
  return {
    name: 'auth',
    inDryRun: `would ask ${options.url}; nobody is asked in a dry run`,
    async request(exchange: Exchange): Promise<void> {
      const { request } = exchange;
      const state: Asking = { aside: null, answer: [] };
      asking.set(exchange, state);
      const { promise, resolve } = Promise.withResolvers<Verdict>();
      const verdict = new VerdictReader(options, resolve);
      const fields = questionFields(exchange, only);
      const question = { method: 'GET', target: options.path, authority: request.authority, fields };
      state.aside = exchange.aside(
        options.target,
        { ...question, bodyLength: null, timeoutMs: options.timeoutMs },
        verdict,
      );
      const found = await promise;
      if (asking.get(exchange) !== state) return;
      if (found.kind === 'unknown') exchange.fail('auth_unavailable');
      else if (found.kind === 'refused') exchange.answer(found);
      else {
        owned.takeOut(request.fields);
        for (const [name, value] of found.request) request.fields.append(name, value);
        if (found.user !== '') exchange.user = found.user;
        state.answer = found.answer;
      }
    },
    response(exchange: Exchange): void {
      for (const [name, value] of asking.get(exchange)?.answer ?? []) exchange.response.fields.append(name, value);
    },
    done(exchange: Exchange): void {
      // Who has gone away need not be asked about any more.
      asking.get(exchange)?.aside?.cancel();
      asking.delete(exchange);
    },
  };
}

function questionFields({ request, client }: Exchange, only: ReadonlySet<string> | null): Lines {
  const fields: Lines = request.fields.entries().filter(([name]) => {
    const lower = name.toLowerCase();
    const plain = lower.replaceAll('_', '-');
    return (only === null || only.has(lower)) && !NOT_ASKED.some((form) => form.test(plain));
  });
  const uri = request.path + request.query;
  const url = `${client.secure ? 'https' : 'http'}://${request.authority}${uri}`;
  fields.push(['X-Forwarded-Method', request.method], ['X-Forwarded-Uri', uri]);
  // As servers know it that were written for nginx.
  fields.push(['X-Original-Method', request.method], ['X-Original-URL', url]);
  return fields;
}

type Verdict =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly status: number; readonly fields: Lines; readonly body: Uint8Array }
  | ({ readonly kind: 'allowed' } & Word);

class VerdictReader implements AsideEvents {
  private readonly options: ForwardAuthOptions;
  private readonly tell: (verdict: Verdict) => void;
  private status = 0;
  private fields: Lines = [];
  private parts: Buffer[] = [];
  private size = 0;

  constructor(options: ForwardAuthOptions, tell: (verdict: Verdict) => void) {
    this.options = options;
    this.tell = tell;
  }

  head(status: number, fields: Fields): void {
    this.status = status;
    if (status >= 200 && status < 300) this.tell(allowed(fields, this.options));
    else if (status < 300 || status === 304 || status >= 500) this.tell({ kind: 'unknown' });
    else this.fields = fields.entries().filter(([name]) => !NOT_PASSED_ON.test(name.toLowerCase()));
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    this.size += to - from;
    if (this.size <= MAX_BODY_BYTES) this.parts.push(Buffer.from(bytes.subarray(from, to)));
    else this.tell({ kind: 'unknown' });
  }

  /** Whatever has been told already stands. */
  end(): void {
    this.tell({ kind: 'refused', status: this.status, fields: this.fields, body: Buffer.concat(this.parts) });
  }

  failed(): void {
    this.tell({ kind: 'unknown' });
  }
}

function allowed(fields: Fields, { responseHeaders, answerHeaders, userFrom }: ForwardAuthOptions): Verdict {
  const linesOf = (names: readonly string[]): Lines =>
    names.flatMap((name) => fields.getAll(name.toLowerCase()).map((value) => [name, value] as const));
  const user = userFrom === null ? '' : (fields.get(userFrom.toLowerCase()) ?? '');
  return { kind: 'allowed', request: linesOf(responseHeaders), answer: linesOf(answerHeaders), user };
}
