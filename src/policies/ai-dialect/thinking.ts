// How much a model is to think: OpenAI's `reasoning_effort` becomes Anthropic's `thinking` and `effort`. Rule: a model thinks only where
// Anthropic lets it: not before a call of a tool that it has to make, and not without the room for it.
import { isObject, type JsonObject, refuse, textIn } from './json-fields.ts';

export interface Thinking {
  /** `thinking`, as far as there is something to say. */
  readonly fields: JsonObject;
  /** null: nothing is said of it. */
  readonly effort: string | null;
  readonly isOn: boolean;
}

export interface ThinkingRoom {
  readonly model: string;
  readonly maxTokens: number;
  /** It has to call a tool. */
  readonly isForced: boolean;
  /** It has called tools, and what it had thought before is not known any more. */
  readonly lacksThoughts: boolean;
}

/** Those that decide by themselves how much they think came with 4.6; the others want a number. */
const WANTS_BUDGET = /claude-(?:[123](?!\d)|(?:opus|sonnet|haiku)-4(?!-[6-9](?!\d)))/;

const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
const BUDGETS: Readonly<Record<string, number>> = { minimal: 1024, low: 2048, medium: 8192 };
const LARGEST_BUDGET = 16_384;
/** The least that Anthropic takes. */
const LEAST_BUDGET = 1024;
/** The rest of what may be said is for the answer. */
const SHARE_OF_THINKING = 0.8;

const NOTHING: Thinking = { fields: {}, effort: null, isOn: false };

export function thinkingOf(asked: JsonObject, room: ThinkingRoom): Thinking {
  const own = asked['thinking'];
  // Not OpenAI's: a client that knows who answers says it in Anthropic's words.
  if (isObject(own)) return { fields: { thinking: own }, effort: null, isOn: own['type'] !== 'disabled' };
  const word = textIn(asked, 'reasoning_effort', '');
  if (word === null) return NOTHING;
  if (word === 'none') return { ...NOTHING, fields: { thinking: { type: 'disabled' } } };
  if (!EFFORTS.includes(word)) return refuse('reasoning_effort', `${JSON.stringify(word)} is not known`);
  return WANTS_BUDGET.test(room.model) ? byBudget(word, room) : byEffort(word, room);
}

function byEffort(word: string, { isForced }: ThinkingRoom): Thinking {
  const effort = word === 'minimal' ? 'low' : word;
  if (isForced) return { ...NOTHING, effort };
  return { fields: { thinking: { type: 'adaptive', display: 'summarized' } }, effort, isOn: true };
}

function byBudget(word: string, { maxTokens, isForced, lacksThoughts }: ThinkingRoom): Thinking {
  const budget = Math.min(BUDGETS[word] ?? LARGEST_BUDGET, Math.floor(maxTokens * SHARE_OF_THINKING));
  if (isForced || lacksThoughts || budget < LEAST_BUDGET) return NOTHING;
  return { fields: { thinking: { type: 'enabled', budget_tokens: budget } }, effort: null, isOn: true };
}
