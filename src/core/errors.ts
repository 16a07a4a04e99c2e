// Every failure that a user can meet has one code, and every code stands in this one catalogue. A SluiceError says whose
// fault it is, whether the same request may be tried again, and what to answer. The code is the same word in JSON,
// log, command line and docs/errors.md. Rule: a code is added here first, then used; nobody invents a code elsewhere.

/** Who is to blame: the caller, the answering server, a proxy on the way, the thing an exchange goes to, the person who runs Sluice, or Sluice. */
export type ErrorSide = 'downstream' | 'upstream' | 'hop' | 'target' | 'operator' | 'internal';

export type ErrorCode =
  | 'request_invalid'
  | 'request_timeout'
  | 'request_body_too_large'
  | 'request_target_too_long'
  | 'request_expectation_unknown'
  | 'request_head_too_large'
  | 'request_coding_unsupported'
  | 'request_version_unsupported'
  | 'request_untranslatable'
  | 'client_closed'
  | 'loop_detected'
  | 'proxy_auth_required'
  | 'route_not_found'
  | 'too_many_requests'
  | 'too_many_concurrent_requests'
  | 'ai_budget_used_up'
  | 'ai_provider_denied'
  | 'ai_model_denied'
  | 'ai_use_uncounted'
  | 'ai_websocket_denied'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'too_many_attempts'
  | 'invalid_input'
  | 'precondition_failed'
  | 'not_repeatable'
  | 'already_exists'
  | 'not_in_cache'
  | 'upstream_unreachable'
  | 'upstream_dns_failed'
  | 'upstream_tls_failed'
  | 'upstream_reset'
  | 'upstream_invalid'
  | 'upstream_incomplete'
  | 'upstream_connect_timeout'
  | 'upstream_timeout'
  | 'exchange_timeout'
  | 'upstream_busy'
  | 'upstream_unavailable'
  | 'backends_exhausted'
  | 'auth_unavailable'
  | 'credential_unavailable'
  | 'state_unavailable'
  | 'hop_unreachable'
  | 'hop_timeout'
  | 'hop_auth_failed'
  | 'hop_denied'
  | 'hop_unsupported'
  | 'hop_invalid'
  | 'hop_busy'
  | 'hops_exhausted'
  | 'destination_denied'
  | 'domain_denied'
  | 'tunnel_name_denied'
  | 'content_infected'
  | 'content_not_scannable'
  | 'scan_failed'
  | 'command_denied'
  | 'host_denied'
  | 'origin_denied'
  | 'media_type_unsupported'
  | 'terminal_unavailable'
  | 'process_failed'
  | 'processes_busy'
  | 'agent_unavailable'
  | 'agent_not_listening'
  | 'agent_elsewhere'
  | 'node_unreachable'
  | 'tunnel_unknown'
  | 'tunnel_offline'
  | 'tunnel_busy'
  | 'tunnel_failed'
  | 'tunnel_unhealthy'
  | 'tunnel_rate_limited'
  | 'tunnel_quota_spent'
  | 'tunnel_no_websocket'
  | 'tunnel_refused'
  | 'tunnel_unreachable'
  | 'shutting_down'
  | 'internal'
  | 'config_invalid'
  | 'not_available_yet'
  | 'listen_failed'
  | 'takeover_failed'
  | 'usage'
  | 'daemon_unreachable';

interface CatalogueEntry {
  readonly side: ErrorSide;
  /** The HTTP status that a client sees. */
  readonly status: number;
  /** May the same request succeed when it is sent again as it is? */
  readonly retry: boolean;
  readonly summary: string;
}

const entry = (side: ErrorSide, status: number, retry: boolean, summary: string): CatalogueEntry => ({
  side,
  status,
  retry,
  summary,
});

export const ERROR_CATALOGUE: Readonly<Record<ErrorCode, CatalogueEntry>> = {
  // The caller's request.
  request_invalid: entry('downstream', 400, false, 'The request is not valid HTTP.'),
  request_timeout: entry('downstream', 408, true, 'The request did not arrive in time.'),
  request_body_too_large: entry('downstream', 413, false, 'The request body is larger than the limit.'),
  request_target_too_long: entry('downstream', 414, false, 'The request target is longer than the limit.'),
  request_expectation_unknown: entry('downstream', 417, false, 'The request expects something that is not supported.'),
  request_head_too_large: entry(
    'downstream',
    431,
    false,
    'The request header fields are larger or more than the limits.',
  ),
  request_coding_unsupported: entry(
    'downstream',
    501,
    false,
    'The request uses a transfer coding that is not supported.',
  ),
  request_version_unsupported: entry(
    'downstream',
    505,
    false,
    'The request uses an HTTP version that is not supported.',
  ),
  request_untranslatable: entry(
    'downstream',
    400,
    false,
    'The request asks for something that the provider cannot do.',
  ),
  client_closed: entry('downstream', 499, false, 'The client went away before the answer was complete.'),
  loop_detected: entry('downstream', 508, false, 'The request has passed through this server before.'),
  proxy_auth_required: entry('downstream', 407, false, 'This proxy wants a user name and a token.'),
  route_not_found: entry('downstream', 404, false, 'No route matches the request.'),
  too_many_requests: entry('downstream', 429, true, 'More requests have come than the rate limit allows.'),
  too_many_concurrent_requests: entry(
    'downstream',
    429,
    true,
    'As many requests of this client as may run at once are running already.',
  ),

  ai_budget_used_up: entry('downstream', 429, false, 'What this user may use of AI models has been used up.'),
  ai_provider_denied: entry('downstream', 403, false, 'This user may not ask this provider of AI.'),
  ai_model_denied: entry('downstream', 403, false, 'This user may not ask this model.'),
  ai_use_uncounted: entry('downstream', 403, false, 'What this would use of AI models could not be counted.'),
  ai_websocket_denied: entry('downstream', 426, false, 'In a WebSocket the limits of this user could not be kept.'),

  // The admin API.
  unauthorized: entry('downstream', 401, false, 'A valid token is needed.'),
  forbidden: entry('downstream', 403, false, 'This is not allowed.'),
  not_found: entry('downstream', 404, false, 'There is nothing at this address.'),
  method_not_allowed: entry('downstream', 405, false, 'This address does not take that method.'),
  too_many_attempts: entry('downstream', 429, true, 'Too many wrong tokens came from this address.'),
  invalid_input: entry('downstream', 422, false, 'The request does not fit what is expected here.'),
  precondition_failed: entry('downstream', 412, false, 'The resource has changed since it was read.'),
  not_repeatable: entry('downstream', 409, false, 'The request cannot be sent again as it was.'),
  already_exists: entry('downstream', 409, false, 'There is one of that name already.'),

  not_in_cache: entry('downstream', 504, true, 'Only what is in the cache was wanted, and it is not there.'),

  // The answering server.
  upstream_unreachable: entry('upstream', 502, true, 'The server could not be reached.'),
  upstream_dns_failed: entry('upstream', 502, true, 'The name of the server could not be resolved.'),
  upstream_tls_failed: entry('upstream', 502, false, 'The TLS handshake with the server failed.'),
  upstream_reset: entry('upstream', 502, true, 'The server closed the connection before it answered.'),
  upstream_invalid: entry('upstream', 502, false, 'The server sent an answer that is not valid HTTP.'),
  upstream_incomplete: entry('upstream', 502, false, 'The server closed the connection in the middle of its answer.'),
  upstream_connect_timeout: entry('upstream', 504, true, 'The server did not accept a connection in time.'),
  upstream_timeout: entry('upstream', 504, true, 'The server did not answer in time.'),
  exchange_timeout: entry('upstream', 504, true, 'Request and answer together took longer than the route allows.'),
  upstream_busy: entry('upstream', 503, true, 'Too many connections to the server are open.'),
  upstream_unavailable: entry('upstream', 503, true, 'The server answered that it cannot serve the request now.'),
  backends_exhausted: entry('upstream', 503, true, 'No backend of the route can be used at the moment.'),

  auth_unavailable: entry('upstream', 503, true, 'Whether this request is allowed could not be found out.'),
  credential_unavailable: entry('operator', 503, true, 'There is no usable login for the provider at the moment.'),
  state_unavailable: entry('operator', 503, true, 'The Redis server of process.state does not answer.'),

  // Proxies on the way.
  hop_unreachable: entry('hop', 502, true, 'A proxy on the way could not be reached.'),
  hop_timeout: entry('hop', 504, true, 'A proxy on the way did not answer in time.'),
  hop_auth_failed: entry('hop', 502, false, 'A proxy on the way did not accept our credentials.'),
  hop_denied: entry('hop', 502, false, 'A proxy on the way does not allow this destination.'),
  hop_unsupported: entry('hop', 502, false, 'A proxy on the way cannot do what was asked of it.'),
  hop_invalid: entry('hop', 502, true, 'A proxy on the way sent an answer that is not valid.'),
  hop_busy: entry('hop', 503, true, 'A proxy on the way asked to be left alone for a while.'),
  hops_exhausted: entry('hop', 503, true, 'No proxy of a hop can be used at the moment.'),
  destination_denied: entry('downstream', 403, false, 'The rules do not allow this destination.'),
  domain_denied: entry('downstream', 403, false, 'The domain filter does not allow this host.'),
  tunnel_name_denied: entry('downstream', 403, false, 'The client asked for a server that the tunnel may not lead to.'),

  // What is scanned.
  content_infected: entry('downstream', 403, false, 'The content is infected.'),
  content_not_scannable: entry('downstream', 403, false, 'The content cannot be scanned, and so it may not pass.'),
  scan_failed: entry('operator', 503, true, 'The content was not scanned, and so it may not pass.'),

  // Programs that are run.
  command_denied: entry('downstream', 403, false, 'This program may not be run.'),
  host_denied: entry('downstream', 403, false, 'This service is not to be reached by that name.'),
  origin_denied: entry('downstream', 403, false, 'Pages of other sites may not use this service.'),
  media_type_unsupported: entry('downstream', 415, false, 'The body is not of a type that is taken here.'),
  terminal_unavailable: entry('operator', 501, false, 'Programs cannot be given a terminal here.'),
  process_failed: entry('target', 502, false, 'The program could not be started.'),
  processes_busy: entry('target', 503, true, 'As many programs run as may, and as many wait as may.'),
  agent_unavailable: entry('operator', 503, false, 'The agent cannot be run here.'),
  agent_not_listening: entry('downstream', 409, false, 'The agent takes no message now.'),
  agent_elsewhere: entry('downstream', 421, false, 'The agent is on another node.'),
  node_unreachable: entry('target', 503, true, 'Another node that has to answer for this does not answer.'),

  // Tunnels.
  tunnel_unknown: entry('downstream', 404, false, 'There is no tunnel of this name.'),
  tunnel_offline: entry('target', 503, true, 'The client of this tunnel is not connected.'),
  tunnel_busy: entry('target', 503, true, 'As many requests run through this tunnel as may.'),
  tunnel_failed: entry('target', 502, true, 'The server behind the tunnel did not answer.'),
  tunnel_unhealthy: entry('target', 503, true, 'The server behind the tunnel fails its health check.'),
  tunnel_rate_limited: entry('downstream', 429, true, 'More requests come to the tunnels of this account than may.'),
  tunnel_quota_spent: entry(
    'target',
    509,
    true,
    'The tunnels of this account have carried as much as may be in a day.',
  ),
  tunnel_no_websocket: entry('target', 501, false, 'The client of this tunnel cannot carry WebSockets.'),
  tunnel_refused: entry('operator', 403, false, 'The tunnel server does not open this tunnel.'),
  tunnel_unreachable: entry('operator', 502, true, 'The tunnel server cannot be reached.'),

  // Sluice and the person who runs it.
  shutting_down: entry('internal', 503, true, 'Sluice is shutting down.'),
  internal: entry('internal', 500, false, 'Something went wrong inside Sluice.'),
  config_invalid: entry('operator', 422, false, 'The configuration is not valid.'),
  not_available_yet: entry('operator', 501, false, 'This feature is not available in this version.'),
  listen_failed: entry('operator', 500, false, 'A door could not be opened.'),
  takeover_failed: entry('operator', 409, false, 'The place of the running Sluice could not be taken.'),
  usage: entry('operator', 400, false, 'The command line is not right.'),
  daemon_unreachable: entry('operator', 503, true, 'No running Sluice answered.'),
};

export interface SluiceErrorOptions {
  /** What exactly happened, in one sentence for a person; the summary of the catalogue is used without it. Holds no secret. */
  readonly message?: string;
  readonly cause?: unknown;
  /** When trying again may help, if anything is known about that. */
  readonly retryAfterMs?: number | null;
}

export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly side: ErrorSide;
  readonly status: number;
  readonly retry: boolean;
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, options: SluiceErrorOptions = {}) {
    const { side, status, retry, summary } = ERROR_CATALOGUE[code];
    super(options.message ?? summary, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.side = side;
    this.status = status;
    this.retry = retry;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** The one shape of an HTTP error body, on every door. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly request_id: string };
}

export function errorBody(code: ErrorCode, message: string, requestId: string): ErrorBody {
  return { error: { code, message, request_id: requestId } };
}
