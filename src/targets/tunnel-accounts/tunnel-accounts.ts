// The accounts of the tunnel server over HTTP, as its clients ask for them. Rule: a token is shown in the answer that issues it and
// nowhere else; who asks too often waits.
import { Buffer } from 'node:buffer';
import type { Answer, Exchange, Producer } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { ERROR_CATALOGUE, type ErrorCode, errorBody, SluiceError } from '../../core/errors.ts';
import {
  isRegistered,
  type IssuedToken,
  type RegisteredAccount,
  type TunnelAccount,
} from '../../services/tunnels/tunnel-accounts.ts';
import { bearerToken } from '../../services/tunnels/bearer-token.ts';
import type { HostnameAnswer, HostnameRefusal } from '../../services/tunnels/tunnel-hostnames.ts';
import type { AttemptBudget } from '../../services/tunnels/attempt-budget.ts';

import { type HostnameCall, hostnameCall, type HostnamesDesk, hostnameState } from './hostname-calls.ts';

/** Where accounts are looked after. */
export interface AccountsOffice {
  /** False: the server is being switched off. */
  readonly isOpen: boolean;
  /** Whose token that is; null: nobody's. Rejects when nobody can say. */
  find(token: string): TunnelAccount | null | Promise<TunnelAccount | null>;
  readonly registration: 'open' | 'closed' | 'invite';
  /** New accounts per address. */
  readonly registrations: AttemptBudget;
  /** Wrong tokens per address. */
  readonly attempts: AttemptBudget;
  /** null: it takes an invitation, and this is none. */
  register(wish: { readonly email: string; readonly invitation: string | null }): Promise<IssuedToken | null>;
  rotate(account: RegisteredAccount): Promise<IssuedToken>;
  /** null: the server is being switched off. */
  readonly hostnames: HostnamesDesk | null;
  /** Names are below it. */
  readonly domain: string;
  hasCertificate(hostname: string): boolean;
}

const MAX_BODY_BYTES = 16 * 1024;
const STATE_RETRY_S = 5;
/** What clients and mail agree on, and no more. */
const EMAIL = /^[^\s@"<>]{1,64}@[^\s@"<>]{1,190}$/;

type Body = Readonly<Record<string, unknown>>;
type Handler = (asked: Asked) => Answer | Promise<Answer>;

interface Asked {
  readonly exchange: Exchange;
  /** Where it comes from. */
  readonly address: string;
  readonly office: AccountsOffice;
  readonly body: Body;
}

const CALLS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['POST /api/v1/auth/register', register],
  ['POST /api/v1/auth/refresh', (asked) => rotate(asked, bearer(asked.exchange))],
  ['POST /api/v1/auth/login', (asked) => rotate(asked, bearer(asked.exchange))],
  ['POST /api/v1/auth/reactivate-token', (asked) => rotate(asked, oldToken(asked.body), 'not_found')],
  ['POST /api/v1/auth/verify-token', verify],
  ['GET /api/v1/users/me', me],
]);
const PATHS: ReadonlySet<string> = new Set([...CALLS.keys()].map((call) => call.split(' ')[1] ?? ''));

export function tunnelAccounts(
  office: AccountsOffice,
  addressOf: (exchange: Exchange) => string = ({ client }) => client.address,
): AnswerTarget {
  return {
    kind: 'answer',
    take: (exchange) => {
      const { method } = exchange.request;
      // Clients of 2.x write two slashes where a server is named with one at its end.
      const path = exchange.request.path.replace(/^\/{2,}/, '/');
      const hostname = hostnameCall(method, path);
      const handler =
        typeof hostname === 'object' && hostname !== null ? aboutHostname(hostname) : CALLS.get(`${method} ${path}`);
      if (handler !== undefined) {
        const address = addressOf(exchange);
        exchange.produce(new Call(exchange, (body) => handler({ exchange, address, office, body })));
        return;
      }
      const isWrong = hostname === 'wrong_method' || PATHS.has(path);
      exchange.answer(refusal(exchange, isWrong ? 'method_not_allowed' : 'not_found'));
    },
  };
}

/** Waits for the body, which is small, and answers. */
class Call implements Producer {
  readonly #exchange: Exchange;
  readonly #answer: (body: Body) => Answer | Promise<Answer>;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Nobody waits for an answer. */
  #isLeft = false;

  constructor(exchange: Exchange, answer: (body: Body) => Answer | Promise<Answer>) {
    this.#exchange = exchange;
    this.#answer = answer;
  }

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes += to - from;
    if (this.#bytes > MAX_BODY_BYTES) this.#exchange.answer(refusal(this.#exchange, 'request_body_too_large'));
    else this.#parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  takeEnd(): void {
    if (this.#bytes > MAX_BODY_BYTES) return;
    const body = parsed(Buffer.concat(this.#parts).toString());
    const answer =
      body === null ? refusal(this.#exchange, 'invalid_input', 'The body is no JSON object.') : this.#answer(body);
    if (answer instanceof Promise) void this.#later(answer);
    else this.#exchange.answer(answer);
  }

  async #later(answer: Promise<Answer>): Promise<void> {
    const made = await answer.catch((error: unknown) => failure(this.#exchange, error));
    if (!this.#isLeft) this.#exchange.answer(made);
  }

  resume(): void {}

  cancel(): void {
    this.#isLeft = true;
    this.#parts = [];
  }
}

function parsed(text: string): Body | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : null;
  } catch {
    return null;
  }
}

async function register({ exchange, address, office, body }: Asked): Promise<Answer> {
  if (office.registration === 'closed')
    return refusal(exchange, 'forbidden', 'This server gives tokens to nobody who asks. Ask whoever runs it.');
  const { email, invitation } = body;
  if (typeof email !== 'string' || !EMAIL.test(email)) {
    return refusal(exchange, 'invalid_input', 'Expected a JSON object with an "email".');
  }
  const waitMs = Math.max(office.registrations.waitMs(address), office.attempts.waitMs(address));
  if (waitMs > 0) return later(exchange, waitMs, 'Too many accounts were registered from this address.');
  if (!office.isOpen) return refusal(exchange, 'shutting_down');
  const code = typeof invitation === 'string' && invitation !== '' ? invitation : null;
  const issued = await office.register({ email, invitation: code });
  if (issued === null) {
    if (code !== null) office.attempts.take(address);
    const message =
      code === null
        ? 'This server takes accounts by invitation: send its code as "invitation".'
        : 'This invitation was used, is over, or never was one.';
    return refusal(exchange, 'forbidden', message);
  }
  office.registrations.take(address);
  const { account, token } = issued;
  return json(201, { id: account.id, email: account.email, auth_token: token, token, ...expiry(account) });
}

function rotate(asked: Asked, token: string | null, otherwise: ErrorCode = 'unauthorized'): Answer | Promise<Answer> {
  return forAccount(asked, token, {
    otherwise,
    answer: async (account) => {
      if (!isRegistered(account)) {
        return refusal(
          asked.exchange,
          'forbidden',
          'The token of this user stands in the configuration of the server.',
        );
      }
      const issued = await asked.office.rotate(account);
      return json(200, {
        auth_token: issued.token,
        token: issued.token,
        email: account.email,
        ...expiry(issued.account),
      });
    },
  });
}

/** Said where there is one. */
function expiry({ registered }: TunnelAccount): { readonly expires_at?: string } {
  const at = registered?.expiresAtMs ?? null;
  return at === null ? {} : { expires_at: new Date(at).toISOString() };
}

function verify(asked: Asked): Answer | Promise<Answer> {
  return forAccount(asked, oldToken(asked.body), {
    otherwise: 'not_found',
    answer: ({ id, email }) => json(200, { user_id: id, email }),
  });
}

function me(asked: Asked): Answer | Promise<Answer> {
  return forAccount(asked, bearer(asked.exchange), {
    otherwise: 'unauthorized',
    answer: (account) => {
      const { id, email, registered } = account;
      const createdAt = registered === null ? null : new Date(registered.createdAtMs).toISOString();
      return json(200, { id, email, created_at: createdAt, ...expiry(account) });
    },
  });
}

const REFUSALS: Readonly<Record<HostnameRefusal['refused'], ErrorCode>> = {
  invalid: 'invalid_input',
  taken: 'already_exists',
  too_many: 'forbidden',
  unknown: 'not_found',
};

function aboutHostname(call: HostnameCall): Handler {
  return (asked) =>
    forAccount(asked, bearer(asked.exchange), {
      otherwise: 'unauthorized',
      answer: ({ id }) => {
        const { hostnames } = asked.office;
        return hostnames === null
          ? refusal(asked.exchange, 'shutting_down')
          : onHostname({ asked, call, id, hostnames });
      },
    });
}

interface HostnameAsked {
  readonly asked: Asked;
  readonly call: HostnameCall;
  readonly id: string;
  readonly hostnames: HostnamesDesk;
}

function onHostname({ asked, call, id, hostnames }: HostnameAsked): Answer | Promise<Answer> {
  const { exchange, office, body } = asked;
  const told = (status: number, answer: HostnameAnswer): Answer =>
    'refused' in answer
      ? refusal(exchange, REFUSALS[answer.refused], answer.why)
      : json(status, hostnameState(answer, office));
  if (call.kind === 'list') {
    return json(200, { hostnames: hostnames.of(id).map((row) => hostnameState(row, office)) });
  }
  if (call.kind === 'verify') return hostnames.verify(id, call.hostname).then((answer) => told(200, answer));
  if (call.kind === 'register') {
    const { hostname } = body;
    const wanted = typeof hostname === 'string' ? hostname : '';
    return hostnames.register(id, wanted).then((answer) => told(201, answer));
  }
  return hostnames.remove(id, call.hostname).then((refused) => {
    return refused === null ? json(200, { removed: call.hostname }) : told(200, refused);
  });
}

interface ForAccount {
  readonly otherwise: ErrorCode;
  readonly answer: (account: TunnelAccount) => Answer | Promise<Answer>;
}

function forAccount(
  { exchange, address, office }: Asked,
  token: string | null,
  { otherwise, answer }: ForAccount,
): Answer | Promise<Answer> {
  const waitMs = office.attempts.waitMs(address);
  if (waitMs > 0) return later(exchange, waitMs, 'Too many wrong tokens came from this address.');
  const found = token === null ? null : office.find(token);
  const then = (account: TunnelAccount | null): Answer | Promise<Answer> => {
    if (account !== null) return answer(account);
    if (token !== null) office.attempts.take(address);
    return refusal(exchange, otherwise, 'This token is not valid here.');
  };
  return found instanceof Promise ? found.then(then) : then(found);
}

function bearer({ request }: Exchange): string | null {
  return bearerToken(request.fields.get('authorization'));
}

function oldToken({ old_token: token }: Body): string | null {
  return typeof token === 'string' && token !== '' ? token : null;
}

function json(status: number, value: object): Answer {
  const fields = [
    ['Content-Type', 'application/json'],
    ['Cache-Control', 'no-store'],
  ] as const;
  return { status, fields, body: `${JSON.stringify(value)}\n` };
}

/** Clients of tunnels look for `detail`. */
function refusal(exchange: Exchange, code: ErrorCode, message: string = ERROR_CATALOGUE[code].summary): Answer {
  return json(ERROR_CATALOGUE[code].status, { ...errorBody(code, message, exchange.id), detail: message });
}

/** A change that has to be made on all nodes waits until all can hear of it. */
function failure(exchange: Exchange, error: unknown): Answer {
  const isAway = error instanceof SluiceError && error.code === 'state_unavailable';
  if (!isAway) return refusal(exchange, 'internal');
  const { fields = [], ...answer } = refusal(
    exchange,
    'state_unavailable',
    'This cannot be done for the moment. Nothing was changed.',
  );
  return { ...answer, fields: [...fields, ['Retry-After', String(STATE_RETRY_S)]] };
}

function later(exchange: Exchange, waitMs: number, message: string): Answer {
  const { fields = [], ...answer } = refusal(exchange, 'too_many_attempts', message);
  return { ...answer, fields: [...fields, ['Retry-After', String(Math.ceil(waitMs / 1000))]] };
}
