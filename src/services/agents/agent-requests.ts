// What clients may ask of agents, as JSON. Rule: what a request may hold is said here once; by the same words it is judged and documented.
import { SluiceError } from '../../core/errors.ts';
import { type JsonShape, type ObjectShape, shapeFault } from '../../core/json-shape.ts';
import type { AgentRequest } from './agent-settings.ts';

const MOST_SECONDS = 86_400 * 7;
const MOST_RUNS = 1000;
/** It stands among the arguments of a program: it cannot be taken for an option. */
const SESSION = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$';
const MODEL = '^[A-Za-z0-9][A-Za-z0-9._:/@\\[\\]-]{0,199}$';

export const AGENT_REQUEST: ObjectShape = {
  type: 'object',
  additionalProperties: false,
  required: ['prompt'],
  properties: {
    prompt: { type: 'string', minLength: 1, description: 'What the agent is to do.' },
    session_id: {
      type: 'string',
      pattern: SESSION,
      description: 'Goes on with a session, as an earlier run has named it.',
    },
    model: { type: 'string', pattern: MODEL, description: 'The model, as the agent calls it.' },
    kind: { type: 'string', minLength: 1, description: 'The kind of agent; `agents.default` without it.' },
    cwd: { type: 'string', minLength: 1, description: 'Where it runs, within the workspace of the user.' },
    timeout: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: MOST_SECONDS,
      description: 'In seconds, after which it is stopped; no more than `agents.timeout`.',
    },
    linger: {
      type: 'number',
      minimum: 0,
      maximum: MOST_SECONDS,
      description:
        'In seconds, how long it waits for another message after it has answered; `agents.linger` without it.',
    },
  },
};

export const BATCH_REQUEST: ObjectShape = {
  type: 'object',
  additionalProperties: false,
  required: ['agents'],
  properties: {
    agents: {
      type: 'array',
      items: AGENT_REQUEST,
      minItems: 1,
      maxItems: MOST_RUNS,
      description: 'What each is to do.',
    },
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: MOST_RUNS,
      description: 'How many of them run at once; no more than `agents.max_concurrent` do in any case.',
    },
    stream: { type: 'boolean', description: 'false: only the ends of the runs are told, and not what they print.' },
  },
};

export const MESSAGE_REQUEST: ObjectShape = {
  type: 'object',
  additionalProperties: false,
  required: ['message'],
  properties: { message: { type: 'string', minLength: 1, description: 'What else the agent is to do.' } },
};

interface AgentBody {
  readonly prompt: string;
  readonly session_id?: string | null;
  readonly model?: string | null;
  readonly kind?: string | null;
  readonly cwd?: string | null;
  readonly timeout?: number | null;
  readonly linger?: number | null;
}

export interface BatchRequest {
  readonly requests: readonly AgentRequest[];
  readonly concurrency: number;
  readonly isTold: boolean;
}

export function readAgentRequest(text: string): AgentRequest {
  return requestOf(bodyOf(text, AGENT_REQUEST) as AgentBody);
}

export function readBatchRequest(text: string): BatchRequest {
  interface Body {
    readonly agents: readonly AgentBody[];
    readonly concurrency?: number | null;
    readonly stream?: boolean | null;
  }
  const { agents, concurrency, stream } = bodyOf(text, BATCH_REQUEST) as Body;
  return { requests: agents.map(requestOf), concurrency: concurrency ?? MOST_RUNS, isTold: stream ?? true };
}

export function readMessage(text: string): string {
  return (bodyOf(text, MESSAGE_REQUEST) as { readonly message: string }).message;
}

function requestOf(body: AgentBody): AgentRequest {
  const { prompt, session_id: session, model, kind, cwd, timeout, linger } = body;
  return {
    prompt,
    session: session ?? '',
    model: model ?? '',
    kind: kind ?? '',
    cwd: cwd ?? '',
    timeoutMs: milliseconds(timeout),
    lingerMs: milliseconds(linger),
  };
}

function milliseconds(seconds: number | null | undefined): number | null {
  return seconds === null || seconds === undefined ? null : Math.ceil(seconds * 1000);
}

/** It has that shape. */
function bodyOf(text: string, shape: JsonShape): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SluiceError('invalid_input', { message: 'the body: expected JSON', cause });
  }
  const fault = shapeFault(value, shape);
  if (fault !== null) throw new SluiceError('invalid_input', { message: fault });
  return value;
}
