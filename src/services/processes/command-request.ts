// What a client asks to have run, read from JSON. Rule: whatever does not fit is refused with the place and what was expected; nothing
// is made to fit.
import { Buffer } from 'node:buffer';
import { SluiceError } from '../../core/errors.ts';
import { type ObjectShape, shapeFault } from '../../core/json-shape.ts';

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export interface CommandRequest {
  /** A path, or a name that is looked up among the allowed. */
  readonly command: string;
  readonly args: readonly string[];
  /** null: the program reads the end at once, or what comes after the request. */
  readonly stdin: Buffer | null;
  /** One answer when all is over, or everything as it comes. */
  readonly stream: boolean;
  /** null: the workspace itself. */
  readonly cwd: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** null: as long as is allowed. */
  readonly timeoutMs: number | null;
  /** null: without a terminal. */
  readonly tty: TerminalSize | null;
}

const MAX_ARGS = 4096;
/** The system takes no more than 128 KiB in one. */
const MAX_TEXT_BYTES = 128 * 1024 - 1;
const MAX_VARIABLES = 256;
const MAX_TIMEOUT_SECONDS = 7 * 86_400;
const MAX_CELLS = 4096;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const CELLS = { type: 'integer', minimum: 1, maximum: MAX_CELLS } as const;

const TERMINAL: ObjectShape = {
  type: 'object',
  additionalProperties: false,
  required: ['cols', 'rows'],
  properties: { cols: CELLS, rows: CELLS },
  description: 'A terminal of that size; over WebSocket only.',
};

/** What a request may hold is said here once; by the same words it is judged and documented. */
export const COMMAND_REQUEST: ObjectShape = {
  type: 'object',
  additionalProperties: false,
  required: ['command'],
  properties: {
    command: { type: 'string', minLength: 1, description: 'A path, or a name among `exec.allowed_commands`.' },
    args: { type: 'array', items: { type: 'string' }, maxItems: MAX_ARGS, description: 'Passed on as they are.' },
    stdin: { type: 'string', description: 'Its input; without it the program reads the end at once.' },
    stdin_encoding: {
      type: 'string',
      pattern: '^(?:utf8|base64)$',
      description: 'How `stdin` is written: utf8, base64.',
    },
    stream: { type: 'boolean', description: 'true: a line for each thing that happens; false: one object at the end.' },
    cwd: { type: 'string', minLength: 1, description: 'Where it runs, within `exec.workspace`.' },
    env: {
      type: 'object',
      properties: {},
      additionalProperties: { type: 'string' },
      description: 'Variables for it, of those that `exec.env` names.',
    },
    timeout: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: MAX_TIMEOUT_SECONDS,
      description: 'In seconds, after which it is stopped; no more than `exec.timeout`.',
    },
    tty: TERMINAL,
  },
};

interface Body {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly stdin?: string | null;
  readonly stdin_encoding?: 'utf8' | 'base64' | null;
  readonly stream?: boolean | null;
  readonly cwd?: string | null;
  readonly env?: Readonly<Record<string, string>> | null;
  readonly timeout?: number | null;
  readonly tty?: TerminalSize | null;
}

export function readCommand(text: string): CommandRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`the body is not JSON: ${(cause as Error).message}`);
  }
  return commandOf(value);
}

export function commandOf(value: unknown): CommandRequest {
  const { command, args, stdin, stdin_encoding: encoding, stream, cwd, env, timeout, tty } = bodyOf(value);
  return {
    command: plain(command, 'command'),
    args: (args ?? []).map((each, index) => plain(each, `args[${index}]`)),
    stdin: stdin === undefined || stdin === null ? null : Buffer.from(stdin, encoding ?? 'utf8'),
    stream: stream ?? true,
    cwd: cwd === undefined || cwd === null ? null : plain(cwd, 'cwd'),
    env: variablesOf(env ?? {}),
    timeoutMs: timeout === undefined || timeout === null ? null : Math.ceil(timeout * 1000),
    tty: tty ?? null,
  };
}

/** Of a terminal; null: none is wanted. */
export function sizeOf(value: unknown): TerminalSize | null {
  if (value === undefined || value === null) return null;
  const fault = shapeFault(value, TERMINAL, 'tty');
  if (fault !== null) throw invalid(fault);
  return value as TerminalSize;
}

function bodyOf(value: unknown): Body {
  const fault = shapeFault(value, COMMAND_REQUEST);
  if (fault !== null) throw invalid(fault);
  return value as Body;
}

/** As the system takes it: without a NUL, and not too long. */
function plain(text: string, place: string): string {
  if (text.includes('\0')) throw invalid(`${place}: holds a NUL`);
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) throw invalid(`${place}: longer than ${MAX_TEXT_BYTES} bytes`);
  return text;
}

function variablesOf(env: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(env);
  if (entries.length > MAX_VARIABLES) throw invalid(`env: more than ${MAX_VARIABLES} variables`);
  return Object.fromEntries(
    entries.map(([name, text]) => {
      if (!VARIABLE.test(name)) throw invalid('env: expected names of letters, digits and underscores');
      return [name, plain(text, `env.${name}`)];
    }),
  );
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}
