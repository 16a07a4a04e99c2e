// Puts a request of Chat Completions into Anthropic's words, and the answer back into OpenAI's. Rule: nothing goes to the provider
// before the whole request is known to be translated.
import { Buffer } from 'node:buffer';
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import { translateAnswer } from './chat-answer.ts';
import { type AnswerWish, translateRequest } from './chat-request.ts';
import { ChatStream } from './chat-stream.ts';
import { Untranslatable } from './json-fields.ts';
import { translateError } from './provider-error.ts';
import { StreamBody } from './stream-body.ts';
import { isEncoded, WholeBody } from './whole-body.ts';

interface Translated {
  readonly body: Buffer;
  readonly wish: AnswerWish;
}

/** More is refused before by the bounds of the route. */
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

export function chatTranslation(): Policy {
  const running = new WeakMap<Exchange, Translated>();
  return {
    name: 'ai-translation',
    inDryRun: 'puts Chat Completions into Messages, and the answer back',
    async request(exchange: Exchange): Promise<void> {
      const { bytes } = await exchange.readBody(MAX_BYTES);
      try {
        if (isEncoded(exchange.request.fields)) throw new Untranslatable('the body is compressed');
        const { body, wish } = translateRequest(bytes);
        running.set(exchange, { body: Buffer.from(JSON.stringify(body)), wish });
      } catch (error) {
        exchange.fail('request_untranslatable', `The request cannot be put to Claude: ${reasonOf(error)}.`);
      }
    },
    requestBody(exchange: Exchange, sink: BodySink): BodyTransform | null {
      const translated = running.get(exchange);
      return translated === undefined ? null : new ReplacedBody(sink, translated.body);
    },
    responseBody(exchange: Exchange, sink: BodySink): BodyTransform | null {
      const translated = running.get(exchange);
      return translated === undefined ? null : answerBody(exchange, sink, translated.wish);
    },
    done: (exchange) => void running.delete(exchange),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof Untranslatable) return error.message;
  // The stack has an end, and what is nested has none.
  if (error instanceof RangeError) return 'the body is nested too deep';
  throw error;
}

function answerBody({ response }: Exchange, sink: BodySink, wish: AnswerWish): BodyTransform | null {
  const { status, fields, isOurs } = response;
  if (isOurs || (status >= 300 && status < 400)) return null;
  if (status >= 400) return new WholeBody(sink, fields, (text) => translateError(text, status));
  const createdAt = Math.floor(Date.now() / 1000);
  const isStream = /^text\/event-stream\b/i.test(fields.get('content-type') ?? '') && !isEncoded(fields);
  if (isStream) return new StreamBody(sink, new ChatStream(wish, createdAt));
  return new WholeBody(sink, fields, (text) => translateAnswer(text, wish, createdAt));
}

/** What the client has sent was read before; something else goes on in its place. */
class ReplacedBody implements BodyTransform {
  private readonly sink: BodySink;
  private readonly body: Buffer;

  constructor(sink: BodySink, body: Buffer) {
    this.sink = sink;
    this.body = body;
  }

  write(): void {}

  end(): void {
    this.sink.write(this.body, 0, this.body.length);
    this.sink.end();
  }

  abort(): void {}
}
