// Lets a client that speaks OpenAI's dialect ask Anthropic: the path, the fields and the credential as Anthropic wants them, and what the
// answer's head says as OpenAI would say it. Rule: a request is sent with an API key or not at all; nothing here imitates a client.
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { ErrorShape, Policy } from '../../contract/policy.ts';
import { addRateLimits } from './rate-limit-fields.ts';

export interface AiDialectOptions {
  readonly asksFor: 'message' | 'models' | 'model';
  /** key: ours is put in later; client: it brings its own; login: there is only one of a subscription. */
  readonly credential: 'key' | 'client' | 'login';
  readonly errorShape: ErrorShape;
}

/** The one that the translation was written for; the client knows none. */
const VERSION = '2023-06-01';
/** Who is asked for by them is OpenAI. Answers have to come as they are, since they are translated. */
const LEFT_OUT = ['accept-encoding', 'openai-organization', 'openai-project', 'openai-beta'];
/** As many as Anthropic lists at once; OpenAI lists all. */
const ALL_MODELS = '?limit=1000';

const NO_LOGIN = 'A login is for the programs of the provider: with another dialect only an API key can be used.';

export function aiDialect({ asksFor, credential, errorShape }: AiDialectOptions): Policy {
  return {
    name: 'ai-dialect',
    errorShape,
    request(exchange: Exchange): void {
      const { request } = exchange;
      const { fields } = request;
      if (credential === 'login' || (credential === 'client' && hasLogin(fields))) {
        exchange.fail('forbidden', NO_LOGIN);
        return;
      }
      if (credential === 'client') moveKey(fields);
      for (const name of LEFT_OUT) fields.remove(name);
      fields.set('anthropic-version', VERSION);
      if (asksFor === 'message') {
        fields.set('Content-Type', 'application/json');
        request.upstreamTarget = '/v1/messages';
      } else if (asksFor === 'models' && request.query === '') request.upstreamTarget += ALL_MODELS;
    },
    response({ response: { fields, status, isOurs } }: Exchange): void {
      if (isOurs) return;
      const id = fields.get('request-id');
      if (id !== undefined) {
        fields.remove('request-id');
        fields.set('x-request-id', id);
      }
      addRateLimits(fields, Date.now());
      if (status >= 400) fields.set('Content-Type', 'application/json');
    },
    foresee: () => 'asks in the dialect of Anthropic',
  };
}

const BEARER = /^bearer +/i;

/** Of a subscription, as Claude Code has it. */
function hasLogin(fields: Fields): boolean {
  return /^bearer +sk-ant-oat/i.test(fields.get('authorization') ?? '');
}

/** The client says its key where OpenAI wants it; where there is none, Anthropic says so. */
function moveKey(fields: Fields): void {
  const authorization = fields.get('authorization') ?? '';
  if (!BEARER.test(authorization)) return;
  fields.remove('authorization');
  fields.set('x-api-key', authorization.replace(BEARER, ''));
}
