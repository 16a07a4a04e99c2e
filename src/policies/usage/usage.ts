// Policy `usage`: what the requests to a provider of AI have used, read from its answers as they pass, also on WebSockets. Rule: the answer is the same
// without it, and so is its time; only answers that can say what they have used are looked at.
import type { Exchange, RequestView } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy, UpgradeWatch } from '../../contract/policy.ts';
import { compressionOf } from '../../codec/websocket/compression.ts';
import { aiSession } from '../../services/usage/ai-session.ts';
import { aiUseOf } from '../../services/usage/ai-use.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import { CountedBody } from './counted-body.ts';
import { CountedSocket } from './counted-socket.ts';
import { UsageTally } from './usage-tally.ts';

export interface UsageOptions {
  readonly provider: string;
  /** What is said on a WebSocket of the limits of the account that it goes with. */
  readonly noteLimits?: (account: string, limits: unknown) => void;
  readonly tell: TellUsage;
}

/** Where OpenAI answers over a WebSocket. */
const ON_SOCKET = /\/responses$/;

export function usage(options: UsageOptions): Policy {
  /** Those that the provider has been asked for and has not answered yet. */
  const asked = new Set<Exchange>();
  return {
    name: 'usage',
    upstream: (exchange) => {
      if (isCounted(exchange.request)) asked.add(exchange);
    },
    response: (exchange) => void asked.delete(exchange),
    responseBody: (exchange, sink) => countedBody(exchange, sink, options),
    upgraded: (exchange) => countedSocket(exchange, options),
    done: (exchange) => {
      if (asked.delete(exchange)) tellOfLeft(exchange, options);
    },
    foresee: ({ request }) => foreseen(request),
  };
}

/** The client has gone before there was an answer: the provider may have worked for it, and nobody knows how much. */
function tellOfLeft({ request, user, exit: account }: Exchange, { provider, tell }: UsageOptions): void {
  const owner = { provider, account, user, session: aiSession(request.fields) };
  tell({ atMs: Date.now(), ...owner, ...new UsageTally().read() });
}

function foreseen(request: RequestView): string {
  if (isCounted(request)) return 'reads from the answer what it has used';
  return mayAnswerOnSocket(request) && request.wantsUpgrade
    ? 'reads from the WebSocket what its answers have used'
    : 'counts nothing here';
}

function countedBody(exchange: Exchange, sink: BodySink, options: UsageOptions): BodyTransform | null {
  const { request, response, user, exit: account } = exchange;
  if (!isCounted(request) || response.isOurs || response.status !== 200) return null;
  const { provider, tell } = options;
  const type = response.fields.get('content-type') ?? '';
  const isStream = /^text\/event-stream\b/i.test(type);
  if (!isStream && !/^application\/json\b/i.test(type)) return null;
  const kind = { isStream, encoding: encodingOf(response.fields.get('content-encoding') ?? '') };
  const session = aiSession(request.fields);
  return new CountedBody(sink, kind, { provider, account, user, session }, tell);
}

function countedSocket(exchange: Exchange, { provider, tell, noteLimits }: UsageOptions): UpgradeWatch | null {
  const { request, response, user, exit: account } = exchange;
  // No other protocol has it.
  if (!mayAnswerOnSocket(request) || !response.fields.has('sec-websocket-accept')) return null;
  const compression = compressionOf(response.fields.getAll('sec-websocket-extensions').join());
  return new CountedSocket(
    compression,
    { provider, account, user, session: aiSession(request.fields) },
    tell,
    (limits) => noteLimits?.(account, limits),
  );
}

function mayAnswerOnSocket({ method, path }: RequestView): boolean {
  return method === 'GET' && ON_SOCKET.test(path);
}

function isCounted({ method, path }: RequestView): boolean {
  return aiUseOf(method, path) === 'counted';
}

function encodingOf(text: string): string {
  return text.trim().toLowerCase() === 'identity' ? '' : text.trim();
}
