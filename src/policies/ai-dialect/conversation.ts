// The messages of a conversation: OpenAI's list of roles becomes Anthropic's system prompt and turns. Rule: user and assistant take
// turns, and what tools have answered stands at the beginning of the turn that follows their calls.
import { contentBlocks, onlyText } from './content-parts.ts';
import { asObject, isObject, type JsonObject, listIn, objectIn, refuse, requiredText, textIn } from './json-fields.ts';

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

export interface Conversation {
  readonly system: readonly JsonObject[];
  readonly turns: readonly Turn[];
  /** What tools were called, by name. */
  readonly called: ReadonlySet<string>;
}

/** In an assistant's message, as some clients keep it: the thoughts with Anthropic's signature on them. */
export const THINKING_BLOCKS = 'thinking_blocks';

export function conversationOf(messages: readonly unknown[], keepsThinking: boolean): Conversation {
  const builder = new ConversationBuilder(keepsThinking);
  for (const [index, message] of messages.entries()) builder.add(message, `messages[${index}]`);
  return builder.done();
}

/** Whether the conversation goes on after calls of tools that were thought about, without the thoughts. */
export function lacksThinking(messages: readonly unknown[]): boolean {
  const last = messages.findLast((message) => isObject(message) && !isToolResult(message));
  return isObject(last) && isObject(messages.at(-1)) && last !== messages.at(-1) && !hasThinking(last);
}

function isToolResult({ role }: JsonObject): boolean {
  return role === 'tool' || role === 'function';
}

function hasThinking(message: JsonObject): boolean {
  const blocks = message[THINKING_BLOCKS];
  return Array.isArray(blocks) && blocks.length > 0;
}

class ConversationBuilder {
  private readonly keepsThinking: boolean;
  private readonly system: JsonObject[] = [];
  private readonly turns: Turn[] = [];
  private readonly called = new Set<string>();
  /** The ids of calls in the manner of `functions`, which has none, by the name of the function. */
  private readonly functionIds = new Map<string, string>();

  constructor(keepsThinking: boolean) {
    this.keepsThinking = keepsThinking;
  }

  add(value: unknown, place: string): void {
    const message = asObject(value, place);
    switch (message['role']) {
      case 'system':
      case 'developer':
        this.system.push(...onlyText(message, place));
        break;
      case 'user':
        this.say('user', contentBlocks(message['content'], `${place}.content`));
        break;
      case 'assistant':
        this.say('assistant', this.assistantBlocks(message, place));
        break;
      case 'tool':
        this.result(toolId(requiredText(message, 'tool_call_id', place)), message, place);
        break;
      case 'function':
        this.functionResult(message, place);
        break;
      default:
        refuse(`${place}.role`, `${JSON.stringify(message['role'])} is not known`);
    }
  }

  done(): Conversation {
    const { turns, called } = this;
    trimLast(turns);
    // A conversation of nothing else is possible with OpenAI: then it is what the user says.
    if (turns.length === 0 && this.system.length === 0) refuse('messages', 'nothing is said in them');
    if (turns.length === 0) return { system: [], turns: [{ role: 'user', content: this.system }], called };
    return { system: this.system, turns, called };
  }

  private say(role: Turn['role'], blocks: readonly JsonObject[]): void {
    if (blocks.length === 0) return;
    const last = this.turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else this.turns.push({ role, content: [...blocks] });
  }

  private assistantBlocks(message: JsonObject, place: string): JsonObject[] {
    if (isObject(message['audio'])) refuse(`${place}.audio`, 'audio is not possible with Claude');
    const thoughts = this.keepsThinking ? (listIn(message, THINKING_BLOCKS, place) ?? []) : [];
    const refusal = textIn(message, 'refusal', place);
    return [
      ...thoughts.map((block, index) => asObject(block, `${place}.${THINKING_BLOCKS}[${index}]`)),
      ...contentBlocks(message['content'], `${place}.content`),
      ...contentBlocks(refusal, `${place}.refusal`),
      ...(listIn(message, 'tool_calls', place) ?? []).map((call, index) => {
        return this.call(call, `${place}.tool_calls[${index}]`);
      }),
      ...this.functionCall(message, place),
    ];
  }

  private call(value: unknown, place: string): JsonObject {
    const call = asObject(value, place);
    const { type = 'function' } = call;
    if (type !== 'function') return refuse(`${place}.type`, 'only calls of functions are possible with Claude');
    const called = asObject(call['function'], `${place}.function`);
    return this.use(toolId(requiredText(call, 'id', place)), called, `${place}.function`);
  }

  private functionCall(message: JsonObject, place: string): JsonObject[] {
    const called = objectIn(message, 'function_call', place);
    if (called === null) return [];
    const id = `call_${this.functionIds.size}_${this.turns.length}`;
    this.functionIds.set(requiredText(called, 'name', `${place}.function_call`), id);
    return [this.use(id, called, `${place}.function_call`)];
  }

  private use(id: string, called: JsonObject, place: string): JsonObject {
    const name = requiredText(called, 'name', place);
    this.called.add(name);
    return { type: 'tool_use', id, name, input: inputOf(called, place) };
  }

  private functionResult(message: JsonObject, place: string): void {
    const name = requiredText(message, 'name', place);
    const id = this.functionIds.get(name);
    if (id === undefined) refuse(place, `the function ${name} was not called before`);
    this.result(id ?? '', message, place);
  }

  private result(id: string, message: JsonObject, place: string): void {
    const content = contentBlocks(message['content'], `${place}.content`);
    const block = { type: 'tool_result', tool_use_id: id, ...(content.length === 0 ? {} : { content }) };
    const last = this.turns.at(-1);
    if (last?.role !== 'user') this.turns.push({ role: 'user', content: [block] });
    else last.content.splice(last.content.findLastIndex(isResult) + 1, 0, block);
  }
}

function isResult({ type }: JsonObject): boolean {
  return type === 'tool_result';
}

/** Anthropic takes letters, digits, `_` and `-` only; ids that others have given may have more. */
function toolId(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, '_');
}

function inputOf(called: JsonObject, place: string): JsonObject {
  const text = textIn(called, 'arguments', place) ?? '';
  if (text.trim() === '') return {};
  try {
    const input: unknown = JSON.parse(text);
    if (isObject(input)) return input;
  } catch {
    // Said below.
  }
  return refuse(`${place}.arguments`, 'expected the text of a JSON object');
}

/** What the assistant is to go on with may not end with spaces. */
function trimLast(turns: Turn[]): void {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || typeof block?.['text'] !== 'string') return;
  last.content[last.content.length - 1] = { ...block, text: block['text'].trimEnd() };
}
