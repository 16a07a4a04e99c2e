// A stand-in for the APIs of Anthropic and OpenAI: answers as they do, event by event, and keeps what it was asked and what it has
// said, byte for byte. Rule: it decides by the path of a request alone which of the two it is, and follows a plan where a test has one.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { emptyResponse, type ScriptedEvent, scriptedMessage, scriptedResponse } from './ai-script.ts';

/** In PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

/** What happens to the next request, in place of the usual answer. */
export interface Plan {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string>>;
  /** The whole answer. */
  readonly body?: string | Buffer;
  /** The events of a stream, each whole. */
  readonly events?: readonly string[];
  /** The connection is cut after so many events of a stream. */
  readonly cutAfter?: number;
  /** Awaited before each event of a stream. */
  readonly beforeEvent?: (index: number) => Promise<unknown>;
  /** Awaited before the head of the answer. */
  readonly beforeHead?: () => Promise<unknown>;
}

/** One request, and what it was answered with. */
export interface Heard {
  readonly method: string;
  readonly target: string;
  /** Names as they were spelled. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** As it came, whatever its encoding. */
  body: Buffer;
  readonly said: Buffer[];
  /** The client has gone before the answer was complete. */
  wasLeft: boolean;
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The values of a field of a request, by its name in lower case. */
export function heardValues({ fields }: Heard, name: string): string[] {
  return fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

export class AiProvider {
  readonly heard: Heard[] = [];
  readonly plans: Plan[] = [];
  /** What happens to a request that no plan waits for; undefined: the usual. */
  planOf: (heard: Heard) => Plan | undefined = () => undefined;
  /** Those that it says it has. */
  models: readonly string[] = ['model-1'];
  private readonly server: http.Server | https.Server;
  private readonly scheme: 'http' | 'https';
  private readonly sockets: WebSocketServer;
  private wake = Promise.withResolvers<void>();
  private socketAnswers = 0;

  private constructor(tls: ServerTls | undefined, sockets: ServerOptions) {
    this.sockets = new WebSocketServer({ ...sockets, noServer: true });
    const take = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      void this.take(request, response);
    };
    this.scheme = tls === undefined ? 'http' : 'https';
    this.server = tls === undefined ? http.createServer(take) : https.createServer(tls, take);
    this.server.on('upgrade', (request, socket, first) => this.switch(request, socket, first));
  }

  /** `sockets`: how its WebSockets are. */
  static async open(t: TestContext, tls?: ServerTls, sockets: ServerOptions = {}): Promise<AiProvider> {
    const provider = new AiProvider(tls, sockets);
    provider.server.listen(0, '127.0.0.1');
    await once(provider.server, 'listening');
    t.after(() => {
      provider.server.closeAllConnections();
      provider.server.close();
    });
    return provider;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  get last(): Heard {
    const last = this.heard.at(-1);
    if (last === undefined) throw new Error('nothing was heard');
    return last;
  }

  /** Resolves as soon as the condition holds; it is asked whenever something has happened here. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.wake.promise;
  }

  private happened(): void {
    this.wake.resolve();
    this.wake = Promise.withResolvers();
  }

  private hear(request: http.IncomingMessage): Heard {
    const { method = '', url = '', rawHeaders } = request;
    const fields = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
    );
    const heard: Heard = { method, target: url, fields, body: Buffer.alloc(0), said: [], wasLeft: false };
    this.heard.push(heard);
    return heard;
  }

  private async take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const heard = this.hear(request);
    response.on('error', () => {});
    response.on('close', () => {
      heard.wasLeft = !response.writableFinished;
      this.happened();
    });
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    heard.body = Buffer.concat(parts);
    this.happened();
    await this.answer(heard, response);
  }

  private async answer(heard: Heard, response: http.ServerResponse): Promise<void> {
    const plan = this.plans.shift() ?? this.planOf(heard) ?? {};
    await plan.beforeHead?.();
    const usual = usualAnswer(heard, this.models);
    const status = plan.status ?? usual.status;
    if (plan.body !== undefined || !('events' in usual)) {
      const body = Buffer.from(plan.body ?? ('body' in usual ? usual.body : ''));
      heard.said.push(body);
      response.writeHead(status, {
        'content-type': 'application/json',
        'request-id': 'req_1',
        ...plan.fields,
        'content-length': body.length,
      });
      response.end(body);
      return;
    }
    response.writeHead(status, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'request-id': 'req_1',
      ...plan.fields,
    });
    response.flushHeaders();
    for (const [index, event] of (plan.events ?? usual.events).entries()) {
      await plan.beforeEvent?.(index);
      if (index === plan.cutAfter) {
        // What was said before is on its way by then.
        await nextTurn();
        response.socket?.destroy();
        return;
      }
      const bytes = Buffer.from(event);
      heard.said.push(bytes);
      response.write(bytes);
    }
    response.end();
  }

  private async answerOnSocket(webSocket: WebSocket, events: readonly string[]): Promise<void> {
    const plan = this.plans.shift() ?? {};
    this.socketAnswers += 1;
    const id = `"resp_${this.socketAnswers}"`;
    for (const [index, event] of (plan.events ?? events).entries()) {
      await plan.beforeEvent?.(index);
      if (index === plan.cutAfter) {
        webSocket.terminate();
        return;
      }
      const text = event.replace(/^event: .*\ndata: /, '').trim();
      // What was said before a cut is on its way by then, however long it takes to compress it.
      await new Promise((resolve) => webSocket.send(text.replaceAll('"resp_1"', id), resolve));
    }
  }

  /** As a WebSocket, by which OpenAI answers each message with the events of a stream. */
  private switch(request: http.IncomingMessage, socket: Duplex, first: Buffer): void {
    const heard = this.hear(request);
    this.happened();
    this.sockets.handleUpgrade(request, socket, first, (webSocket) => {
      webSocket.on('error', () => {});
      // A client sends what is new since the answer before.
      let conversation: readonly unknown[] = [];
      webSocket.on('message', (data: Buffer) => {
        heard.body = data;
        const { model, body } = askedOf(heard);
        const { input = [], previous_response_id: before, generate = true } = body as WebSocketAsked;
        conversation = before === undefined ? input : [...conversation, ...input];
        const script = generate ? scriptedResponse({ input: conversation }, model) : emptyResponse(model);
        this.happened();
        void this.answerOnSocket(webSocket, script === null ? responseEvents(model) : streamOf(script));
      });
    });
  }
}

type Usual =
  | { readonly status: number; readonly body: string }
  | { readonly status: number; readonly events: readonly string[] };

function usualAnswer(heard: Heard, models: readonly string[]): Usual {
  const { method, target } = heard;
  const path = target.replace(/\?.*$/, '');
  const kind = `${method} ${path.slice(path.lastIndexOf('/') + 1)}`;
  if (kind === 'GET models') return { status: 200, body: JSON.stringify(modelList(models)) };
  const known = models.find((id) => `${method} ${path}`.endsWith(`/models/${id}`) && method === 'GET');
  if (known !== undefined) return { status: 200, body: JSON.stringify(modelOf(known)) };
  if (kind === 'POST count_tokens') return { status: 200, body: JSON.stringify({ input_tokens: 12 }) };
  const answers = ANSWERS.get(kind);
  if (answers === undefined) {
    return { status: 404, body: '{"type":"error","error":{"type":"not_found_error","message":"Not found"}}' };
  }
  const asked = askedOf(heard);
  const script = answers.script(asked.body, asked.model);
  if (script !== null) return { status: 200, events: streamOf(script) };
  if (asked.stream) return { status: 200, events: answers.events(asked) };
  return { status: 200, body: JSON.stringify(answers.whole(asked.model)) };
}

interface WebSocketAsked {
  readonly input?: readonly unknown[];
  readonly previous_response_id?: string;
  /** False: it is only to be prepared for. */
  readonly generate?: boolean;
}

interface Asked {
  readonly stream: boolean;
  readonly model: string;
  readonly body: object;
}

function askedOf(heard: Heard): Asked {
  try {
    const isZstd = heardValues(heard, 'content-encoding').includes('zstd');
    const text = (isZstd ? zstdDecompressSync(heard.body) : heard.body).toString();
    const body = JSON.parse(text) as { stream?: boolean; model?: string };
    const { stream = false, model = 'model-1' } = body;
    return { stream, model, body };
  } catch {
    return { stream: false, model: 'model-1', body: {} };
  }
}

function modelOf(id: string): object {
  return { id, type: 'model', display_name: id, created_at: '2026-02-19T00:00:00Z' };
}

function modelList(ids: readonly string[]): object {
  return { data: ids.map(modelOf), has_more: false, first_id: ids[0], last_id: ids.at(-1) };
}

const MESSAGE_USAGE = { input_tokens: 25, cache_creation_input_tokens: 3, cache_read_input_tokens: 7 };

/** An answer of Anthropic: 25 tokens in, 15 out, 3 written to the cache and 7 read from it. */
function message(model: string): object {
  return messageWith(model, [{ type: 'text', text: 'Hello, wörld' }], 'end_turn');
}

/** The same with another content. */
export function messageWith(model: string, content: readonly object[], stopReason: string): object {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stopReason,
    stop_sequence: null,
    usage: { ...MESSAGE_USAGE, output_tokens: 15 },
  };
}

function messageEvents(model: string): string[] {
  return messageEventsWith(model, [[{ type: 'text', text: '' }, ...['Hello', ', wörld'].map(textDelta)]], 'end_turn');
}

export function textDelta(text: string): object {
  return { type: 'text_delta', text };
}

/** Each block is what it begins with, and the deltas that follow. */
export function messageEventsWith(
  model: string,
  blocks: readonly (readonly [start: object, ...deltas: object[]])[],
  stopReason: string,
): string[] {
  const usage = { ...MESSAGE_USAGE, output_tokens: 1 };
  const start = { ...message(model), content: [], stop_reason: null, usage };
  const events: [type: string, data: object][] = [
    ['message_start', { message: start }],
    ...blocks.flatMap(([block, ...deltas], index): [string, object][] => [
      ['content_block_start', { index, content_block: block }],
      ...(index === 0 ? [['ping', {}] as [string, object]] : []),
      ...deltas.map((delta): [string, object] => ['content_block_delta', { index, delta }]),
      ['content_block_stop', { index }],
    ]),
    ['message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 15 } }],
    ['message_stop', {}],
  ];
  return streamOf(events);
}

/** An answer of OpenAI: 36 tokens in, 4 of them from the cache, 87 out, 64 of them reasoning. */
function response(model: string): object {
  const content = [{ type: 'output_text', text: 'Hello, wörld', annotations: [] }];
  return {
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    model,
    output: [{ id: 'msg_1', type: 'message', status: 'completed', role: 'assistant', content }],
    usage: {
      input_tokens: 36,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens: 87,
      output_tokens_details: { reasoning_tokens: 64 },
      total_tokens: 123,
    },
  };
}

function responseEvents(model: string): string[] {
  const whole = response(model) as { readonly output: readonly [object] };
  const begun = { ...whole, status: 'in_progress', output: [], usage: null };
  const [item] = whole.output;
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const part = { type: 'output_text', text: '', annotations: [] };
  const events: [type: string, data: object][] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ['response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', content: [] } }],
    ['response.content_part.added', { ...place, part }],
    ['response.output_text.delta', { ...place, delta: 'Hello' }],
    ['response.output_text.delta', { ...place, delta: ', wörld' }],
    ['response.output_text.done', { ...place, text: 'Hello, wörld' }],
    ['response.content_part.done', { ...place, part: { ...part, text: 'Hello, wörld' } }],
    ['response.output_item.done', { output_index: 0, item }],
    ['response.completed', { response: whole }],
  ];
  return streamOf(events);
}

function streamOf(events: readonly ScriptedEvent[]): string[] {
  return events.map(([type, data], index) => {
    const number = type.startsWith('response.') ? { sequence_number: index } : {};
    return eventOf(type, { type, ...number, ...data });
  });
}

const CHAT_USAGE = { prompt_tokens: 36, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens: 87 };

/** An answer of Chat Completions: as many tokens as the response above has. */
function completion(model: string): object {
  const message = { role: 'assistant', content: 'Hello, wörld', refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, usage: CHAT_USAGE };
}

function completionEvents({ model, body }: Asked): string[] {
  const { stream_options: options } = body as { stream_options?: { readonly include_usage?: boolean } };
  const chunk = (rest: object): string => {
    const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model };
    return `data: ${JSON.stringify({ ...head, ...rest })}\n\n`;
  };
  const words = ['Hello', ', wörld'].map((content) => chunk({ choices: [{ index: 0, delta: { content } }] }));
  const end = chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  const used = options?.include_usage === true ? [chunk({ choices: [], usage: CHAT_USAGE })] : [];
  return [...words, end, ...used, 'data: [DONE]\n\n'];
}

interface Answers {
  /** What the request itself asks the stand-in to say. */
  readonly script: (body: object, model: string) => readonly ScriptedEvent[] | null;
  readonly whole: (model: string) => object;
  readonly events: (asked: Asked) => readonly string[];
}

const ANSWERS = new Map<string, Answers>([
  ['POST messages', { script: scriptedMessage, whole: message, events: ({ model }) => messageEvents(model) }],
  ['POST responses', { script: scriptedResponse, whole: response, events: ({ model }) => responseEvents(model) }],
  ['POST completions', { script: () => null, whole: completion, events: completionEvents }],
]);

function eventOf(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
