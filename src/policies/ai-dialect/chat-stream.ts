// The events of a stream of Anthropic's Messages as chunks of OpenAI's Chat Completions. Rule: each event gives at once what there is to
// say of it; nothing is kept but thoughts, which a client that goes on needs whole.
import { isThought } from './chat-answer.ts';
import type { AnswerWish } from './chat-request.ts';
import { chatUsage, finishReason, mergedUsage, serviceTierOf } from './chat-usage.ts';
import { THINKING_BLOCKS } from './conversation.ts';
import { isObject, type JsonObject } from './json-fields.ts';
import { providerError } from './provider-error.ts';

/** Nothing that clients would look at; it only shows that the stream is alive. */
const ALIVE = ': ping\n\n';
const DONE = 'data: [DONE]\n\n';

export class ChatStream {
  /** The answer is complete, or the provider has said why it never will be. */
  isOver = false;
  private readonly wish: AnswerWish;
  private readonly createdAt: number;
  private id: unknown = '';
  private model: unknown = '';
  private usage: JsonObject = {};
  private tier: JsonObject = {};
  /** Of the call that is being made, and of the one before; tools are counted from 0. */
  private toolIndex = -1;
  private hasArguments = false;
  private input: unknown = {};
  /** null: the block that comes is no thought. */
  private thought: Record<string, unknown> | null = null;
  private readonly thoughts: JsonObject[] = [];
  private isCall = false;
  private hasFinished = false;

  constructor(wish: AnswerWish, createdAt: number) {
    this.wish = wish;
    this.createdAt = createdAt;
  }

  /** What is to be sent of an event; often nothing. */
  take(event: JsonObject): string {
    if (this.isOver) return '';
    switch (event['type']) {
      case 'message_start':
        return this.begin(event['message']);
      case 'content_block_start':
        return isObject(event['content_block']) ? this.beginBlock(event['content_block']) : '';
      case 'content_block_delta':
        return isObject(event['delta']) ? this.takeDelta(event['delta']) : '';
      case 'content_block_stop':
        return this.endBlock();
      case 'message_delta':
        return this.takeEnd(event);
      case 'message_stop':
        return this.end();
      case 'error':
        this.isOver = true;
        return dataOf(providerError(event['error'], ''));
      case 'ping':
        return ALIVE;
      default:
        return '';
    }
  }

  private begin(message: unknown): string {
    if (isObject(message)) {
      this.id = message['id'];
      this.model = message['model'];
      this.usage = mergedUsage(this.usage, message['usage']);
      this.tier = serviceTierOf(this.usage);
    }
    return this.chunk({ role: 'assistant', content: '', refusal: null });
  }

  private beginBlock(block: JsonObject): string {
    this.isCall = block['type'] === 'tool_use';
    this.thought = isThought(block) ? { ...block } : null;
    if (!this.isCall) return '';
    this.toolIndex += 1;
    this.hasArguments = false;
    this.input = block['input'];
    const called = { name: block['name'], arguments: '' };
    if (this.wish.usesFunctions) return this.toolIndex === 0 ? this.chunk({ function_call: called }) : '';
    const call = { index: this.toolIndex, id: block['id'], type: 'function', function: called };
    return this.chunk({ tool_calls: [call] });
  }

  private takeDelta(delta: JsonObject): string {
    switch (delta['type']) {
      case 'text_delta':
        return this.chunk({ content: delta['text'] });
      case 'thinking_delta':
        this.keep('thinking', delta['thinking']);
        return this.chunk({ reasoning_content: delta['thinking'] });
      case 'signature_delta':
        this.keep('signature', delta['signature']);
        return '';
      case 'input_json_delta':
        return this.takeArguments(delta['partial_json']);
      default:
        return '';
    }
  }

  private keep(key: string, more: unknown): void {
    const { thought } = this;
    if (thought !== null) thought[key] = `${textOf(thought[key])}${textOf(more)}`;
  }

  private takeArguments(part: unknown): string {
    if (!this.isCall || part === '' || typeof part !== 'string') return '';
    this.hasArguments = true;
    const called = { arguments: part };
    if (this.wish.usesFunctions) return this.toolIndex === 0 ? this.chunk({ function_call: called }) : '';
    return this.chunk({ tool_calls: [{ index: this.toolIndex, function: called }] });
  }

  private endBlock(): string {
    const { isCall, thought } = this;
    this.thought = null;
    if (thought !== null) this.thoughts.push(thought);
    // A tool without arguments has no delta of them, and yet they are a JSON text.
    const left = isCall && !this.hasArguments ? this.takeArguments(JSON.stringify(this.input ?? {})) : '';
    this.isCall = false;
    return left;
  }

  private takeEnd({ delta, usage }: JsonObject): string {
    this.usage = mergedUsage(this.usage, usage);
    const reason = isObject(delta) ? (delta['stop_reason'] ?? null) : null;
    return reason === null ? '' : this.finish(reason);
  }

  private finish(reason: unknown): string {
    if (this.hasFinished) return '';
    this.hasFinished = true;
    const delta = this.thoughts.length === 0 ? {} : { [THINKING_BLOCKS]: this.thoughts };
    return this.chunk(delta, finishReason(reason, this.wish.usesFunctions));
  }

  private end(): string {
    this.isOver = true;
    const usage = this.wish.wantsUsage ? this.dataOf({ choices: [], usage: chatUsage(this.usage) }) : '';
    return this.finish(null) + usage + DONE;
  }

  private chunk(delta: JsonObject, finish: string | null = null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    return this.dataOf(this.wish.wantsUsage ? { choices, usage: null } : { choices });
  }

  private dataOf(rest: JsonObject): string {
    const { id, createdAt: created, model, tier } = this;
    return dataOf({ id, object: 'chat.completion.chunk', created, model, ...tier, ...rest });
  }
}

function dataOf(value: JsonObject): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
