// Policy `ai-bodies`: writes down what a provider of AI was asked and what its client was answered. Rule: it stands only where the
// configuration asks for it, and behind whoever keeps clients out; of the fields of a request nothing is written, and the credentials
// that it carries are hidden in its bodies as well.
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import { PickedPaths, PickedValues } from '../../codec/json/picked-values.ts';
import { encodingOf } from '../../services/encodings/decoded-bytes.ts';
import { aiSession } from '../../services/usage/ai-session.ts';
import type { BodyLine, LoggedBody, WriteBodies } from '../../telemetry/body-log.ts';
import { KeptBody, MAX_LOGGED_BYTES } from './kept-body.ts';
import { loggedBody, type SeenBody } from './logged-body.ts';

export interface AiBodiesOptions {
  readonly provider: string;
  /** Those of the configuration. */
  readonly secrets: readonly string[];
  readonly write: WriteBodies;
}

/** One exchange on its way. */
interface Turn {
  request: SeenBody | null;
  response: KeptBody | null;
  readonly secrets: Set<string>;
}

const MODEL = new PickedPaths(['model']);
const MAX_MODEL_CHARACTERS = 200;
const CREDENTIAL_FIELDS = ['authorization', 'x-api-key', 'cookie', 'proxy-authorization'];
/** Whoever has a shorter one has none that could be told from a word. */
const MIN_SECRET_CHARACTERS = 8;

export function aiBodies(options: AiBodiesOptions): Policy {
  const log = new AiBodies(options);
  return {
    name: 'ai-bodies',
    request: (exchange) => log.ask(exchange),
    response: (exchange) => log.noteCredentials(exchange),
    responseBody: (exchange, sink) => log.answer(exchange, sink),
    done: (exchange) => log.end(exchange),
    foresee: () => 'writes down what is asked and answered',
  };
}

class AiBodies {
  private readonly options: AiBodiesOptions;
  private readonly turns = new WeakMap<Exchange, Turn>();

  constructor(options: AiBodiesOptions) {
    this.options = options;
  }

  ask(exchange: Exchange): void | Promise<void> {
    const { request } = exchange;
    const turn: Turn = { request: null, response: null, secrets: new Set(this.options.secrets) };
    this.turns.set(exchange, turn);
    addCredentials(request.fields, turn.secrets);
    if (request.hasBody && !request.wantsUpgrade) return this.read(exchange, turn);
  }

  private async read(exchange: Exchange, turn: Turn): Promise<void> {
    const { bytes, isWhole } = await exchange.readBody(MAX_LOGGED_BYTES);
    const { fields } = exchange.request;
    const announced = Number(fields.get('content-length') ?? Number.NaN);
    const size = isWhole ? bytes.length : Number.isNaN(announced) ? null : announced;
    // The bytes are the engine's.
    const beginning = Buffer.from(bytes.subarray(0, MAX_LOGGED_BYTES));
    turn.request = { bytes: beginning, size, encoding: encodingOf(fields.get('content-encoding')) };
  }

  /** By now the request has those that it goes out with. */
  noteCredentials(exchange: Exchange): void {
    const turn = this.turns.get(exchange);
    if (turn !== undefined) addCredentials(exchange.request.fields, turn.secrets);
  }

  answer(exchange: Exchange, sink: BodySink): BodyTransform | null {
    const turn = this.turns.get(exchange);
    if (turn === undefined) return null;
    turn.response = new KeptBody(sink);
    return turn.response;
  }

  end(exchange: Exchange): void {
    const turn = this.turns.get(exchange);
    if (turn === undefined) return;
    this.turns.delete(exchange);
    const encoding = encodingOf(exchange.response.fields.get('content-encoding'));
    this.options.write(wholeLine(this.lineOf(exchange), turn, encoding));
  }

  private lineOf({ id, user, startedAtMs, request, response }: Exchange): BodyLine {
    const cache = response.fields.get('x-sluice-cache');
    return {
      timestamp: new Date().toISOString(),
      request_id: id,
      provider: this.options.provider,
      user,
      session: aiSession(request.fields),
      model: '',
      method: request.method,
      path: request.path,
      status: response.status,
      duration_ms: Math.round(performance.now() - startedAtMs),
      ...(cache !== undefined && { cache }),
    };
  }
}

async function wholeLine(line: BodyLine, { request, response, secrets }: Turn, encoding: string): Promise<BodyLine> {
  const hidden = [...secrets];
  const asked = request === null ? null : await loggedBody(request, hidden);
  const answered = response === null ? null : await answerOf(response, encoding, hidden);
  return {
    ...line,
    model: modelOf(asked?.plain ?? null),
    ...(asked !== null && { request: asked.logged }),
    ...(answered !== null && { response: answered }),
  };
}

async function answerOf(
  { beginning, bytes: size, isComplete }: KeptBody,
  encoding: string,
  secrets: readonly string[],
): Promise<LoggedBody & { readonly complete: boolean }> {
  const seen = { bytes: beginning, size: isComplete ? size : null, encoding };
  const { logged } = await loggedBody(seen, secrets);
  // What was cut is all that there is.
  const { truncated, ...whole } = logged;
  const isTruncated = truncated === true && (isComplete || size > MAX_LOGGED_BYTES);
  return { ...whole, bytes: size, ...(isTruncated && { truncated }), complete: isComplete };
}

function addCredentials(fields: Pick<Fields, 'get'>, secrets: Set<string>): void {
  for (const name of CREDENTIAL_FIELDS) {
    const value = fields.get(name) ?? '';
    // With and without the word before it.
    for (const part of [value, value.replace(/^\S+\s+/, '')]) {
      if (part.length >= MIN_SECRET_CHARACTERS) secrets.add(part);
    }
  }
}

function modelOf(plain: Uint8Array | null): string {
  if (plain === null) return '';
  const picked = new PickedValues(MODEL);
  picked.take(plain, 0, plain.length);
  const model = picked.get('model');
  return typeof model === 'string' ? model.slice(0, MAX_MODEL_CHARACTERS) : '';
}
