// Answers of a provider that a prompt itself asks for: `STUB:[{"tool":"Bash","input":{…}},{"text":"done"}]:END`. Rule: nothing is kept
// between requests. Which step of a script is due is read from the conversation that comes along, so that many may run at once.

/** One answer of the model: what it thinks, says and does, in that order. */
export interface ScriptStep {
  readonly thinking?: string;
  /** What proves to the provider that it has thought so: a client has to send it back as it is. */
  readonly signature?: string;
  readonly text?: string;
  readonly tool?: string;
  readonly input?: object;
  readonly usage?: StepUsage;
}

/** Tokens, as the providers count them. */
export interface StepUsage {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

/** Name and data of an event of a stream. */
export type ScriptedEvent = readonly [type: string, data: object];

interface Turn {
  readonly role?: string;
  readonly type?: string;
  readonly content?: string | readonly { readonly text?: string }[];
}

const SCRIPT = /STUB:(\[.*\]):END/s;

/** What a test writes into a prompt. */
export function scriptOf(...steps: readonly ScriptStep[]): string {
  return `STUB:${JSON.stringify(steps)}:END`;
}

/** The events that answer a body for `/v1/messages` whose prompt holds a script. */
export function scriptedMessage(body: unknown, model: string): ScriptedEvent[] | null {
  const step = dueStep((body as { readonly messages?: readonly Turn[] }).messages ?? [], isAnswer);
  return step === null ? null : messageOf(step.step, model, step.place);
}

/** The same for `/v1/responses`. */
export function scriptedResponse(body: unknown, model: string): ScriptedEvent[] | null {
  const { input } = body as { readonly input?: readonly Turn[] | string };
  const step = dueStep(Array.isArray(input) ? input : [], isResultOfCall);
  return step === null ? null : responseOf(step.step, model, step.place);
}

/** What says nothing and has used nothing: somebody only wants to find everything at hand later. */
export function emptyResponse(model: string): ScriptedEvent[] {
  return responseOf({ usage: { input: 0, output: 0, cacheRead: 0, reasoning: 0 } }, model, -1);
}

interface DueStep {
  readonly step: ScriptStep;
  readonly place: number;
}

function dueStep(turns: readonly Turn[], isStepDone: (turn: Turn) => boolean): DueStep | null {
  const start = turns.findLastIndex((turn) => turn.role === 'user' && SCRIPT.test(textOf(turn)));
  const [, script] = SCRIPT.exec(textOf(turns[start] ?? {})) ?? [];
  if (script === undefined) return null;
  const place = turns.slice(start + 1).filter(isStepDone).length;
  return { step: (JSON.parse(script) as ScriptStep[])[place] ?? { text: 'the script has ended' }, place };
}

function textOf({ content = '' }: Turn): string {
  return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n');
}

const isAnswer = ({ role }: Turn): boolean => role === 'assistant';
const isResultOfCall = ({ type }: Turn): boolean => type === 'function_call_output';

function messageOf(step: ScriptStep, model: string, place: number): ScriptedEvent[] {
  const { input = 25, output = 15, cacheRead = 7, cacheWrite = 3 } = step.usage ?? {};
  const read = { input_tokens: input, cache_creation_input_tokens: cacheWrite, cache_read_input_tokens: cacheRead };
  const known = { id: `msg_${place}`, type: 'message', role: 'assistant', model, content: [] };
  const begun = { ...known, stop_reason: null, stop_sequence: null, usage: { ...read, output_tokens: 1 } };
  const reason = step.tool === undefined ? 'end_turn' : 'tool_use';
  return [
    ['message_start', { message: begun }],
    ['ping', {}],
    ...blocksOf(step, place).flatMap(({ block, deltas }, index): ScriptedEvent[] => [
      ['content_block_start', { index, content_block: block }],
      ...deltas.map((delta): ScriptedEvent => ['content_block_delta', { index, delta }]),
      ['content_block_stop', { index }],
    ]),
    ['message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: output } }],
    ['message_stop', {}],
  ];
}

interface Block {
  readonly block: object;
  readonly deltas: readonly object[];
}

function blocksOf({ thinking, signature = '', text, tool, input = {} }: ScriptStep, place: number): Block[] {
  const blocks: Block[] = [];
  if (thinking !== undefined) {
    const deltas = [
      ...halves(thinking).map((part) => ({ type: 'thinking_delta', thinking: part })),
      { type: 'signature_delta', signature },
    ];
    blocks.push({ block: { type: 'thinking', thinking: '', signature: '' }, deltas });
  }
  if (text !== undefined) {
    const deltas = halves(text).map((part) => ({ type: 'text_delta', text: part }));
    blocks.push({ block: { type: 'text', text: '' }, deltas });
  }
  if (tool !== undefined) {
    const deltas = halves(JSON.stringify(input)).map((part) => ({ type: 'input_json_delta', partial_json: part }));
    blocks.push({ block: { type: 'tool_use', id: `toolu_${place}`, name: tool, input: {} }, deltas });
  }
  return blocks;
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

function responseOf(step: ScriptStep, model: string, place: number): ScriptedEvent[] {
  const { input = 36, output = 87, cacheRead = 4, reasoning = 64 } = step.usage ?? {};
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
  const items = itemsOf(step, place);
  const known = { id: `resp_${place}`, object: 'response', model };
  const begun = { ...known, status: 'in_progress', output: [], usage: null };
  return [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ...items.flatMap(({ item, text }, index): ScriptedEvent[] => [
      ['response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress' } }],
      ...(text === null ? [] : deltasOf(item.id, index, text)),
      ['response.output_item.done', { output_index: index, item }],
    ]),
    [
      'response.completed',
      { response: { ...known, status: 'completed', output: items.map(({ item }) => item), usage } },
    ],
  ];
}

interface Item {
  readonly item: Readonly<Record<string, unknown>> & { readonly id: string };
  /** Of a message. */
  readonly text: string | null;
}

function itemsOf({ thinking, signature = '', text, tool, input = {} }: ScriptStep, place: number): Item[] {
  const items: Item[] = [];
  if (thinking !== undefined) {
    const summary = [{ type: 'summary_text', text: thinking }];
    items.push({ item: { type: 'reasoning', id: `rs_${place}`, summary, encrypted_content: signature }, text: null });
  }
  if (text !== undefined) {
    const content = [{ type: 'output_text', text, annotations: [] }];
    const known = { type: 'message', id: `msg_${place}`, role: 'assistant', status: 'completed' };
    items.push({ item: { ...known, content }, text });
  }
  if (tool !== undefined) {
    const call = { call_id: `call_${place}`, name: tool, arguments: JSON.stringify(input), status: 'completed' };
    items.push({ item: { type: 'function_call', id: `fc_${place}`, ...call }, text: null });
  }
  return items;
}

function deltasOf(item: string, index: number, text: string): ScriptedEvent[] {
  const place = { item_id: item, output_index: index, content_index: 0 };
  const part = { type: 'output_text', text: '', annotations: [] };
  return [
    ['response.content_part.added', { ...place, part }],
    ...halves(text).map((delta): ScriptedEvent => ['response.output_text.delta', { ...place, delta }]),
    ['response.output_text.done', { ...place, text }],
    ['response.content_part.done', { ...place, part: { ...part, text } }],
  ];
}
