// Policy `usage`: what the requests to a provider of AI have used, read from its answers as they pass. Rule: the answer is the same
// without it, and so is its time; only answers that can say what they have used are looked at.
import type { Exchange, RequestView } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import { aiSession } from '../../services/usage/ai-session.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import { CountedBody } from './counted-body.ts';

export interface UsageOptions {
  readonly provider: string;
  /** With which of our credentials its requests go; empty: with the client's own. */
  readonly account: string;
  readonly tell: TellUsage;
}

/** Where the APIs answer with a model's words. */
const COUNTED = /\/(?:messages|responses|chat\/completions)$/;

export function usage({ provider, account, tell }: UsageOptions): Policy {
  const options = { provider, account, tell };
  return {
    name: 'usage',
    responseBody: (exchange, sink) => countedBody(exchange, sink, options),
    foresee: ({ request }) => (isCounted(request) ? 'reads from the answer what it has used' : 'counts nothing here'),
  };
}

function countedBody(exchange: Exchange, sink: BodySink, options: UsageOptions): BodyTransform | null {
  const { request, response, user } = exchange;
  if (!isCounted(request) || response.isOurs || response.status !== 200) return null;
  const { provider, account, tell } = options;
  const type = response.fields.get('content-type') ?? '';
  const isStream = /^text\/event-stream\b/i.test(type);
  if (!isStream && !/^application\/json\b/i.test(type)) return null;
  const kind = { isStream, encoding: encodingOf(response.fields.get('content-encoding') ?? '') };
  return new CountedBody(sink, kind, { provider, account, user, session: aiSession(request.fields) }, tell);
}

function isCounted({ method, path }: RequestView): boolean {
  return method === 'POST' && COUNTED.test(path);
}

function encodingOf(text: string): string {
  return text.trim().toLowerCase() === 'identity' ? '' : text.trim();
}
