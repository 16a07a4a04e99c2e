// What a client asks to have run, read from JSON. Rule: whatever does not fit is refused with the place and what was expected; nothing
// is made to fit.
import { Buffer } from 'node:buffer';
import { SluiceError } from '../../core/errors.ts';

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
  const fields = new Fields(value, 'the body');
  fields.allow(['command', 'args', 'stdin', 'stdin_encoding', 'stream', 'cwd', 'env', 'timeout', 'tty']);
  const command = fields.text('command');
  if (command === undefined || command === '') throw invalid('command: expected a path or a name');
  return {
    command,
    args: argsOf(fields.value('args')),
    stdin: stdinOf(fields),
    stream: fields.flag('stream') ?? true,
    cwd: fields.text('cwd') ?? null,
    env: envOf(fields.value('env')),
    timeoutMs: timeoutOf(fields.number('timeout')),
    tty: sizeOf(fields.value('tty')),
  };
}

/** Of a terminal; null: none is wanted. */
export function sizeOf(value: unknown): TerminalSize | null {
  if (value === undefined || value === null) return null;
  const fields = new Fields(value, 'tty');
  fields.allow(['cols', 'rows']);
  const [cols, rows] = [fields.number('cols'), fields.number('rows')];
  if (!isCells(cols) || !isCells(rows)) throw invalid(`tty: expected cols and rows, each from 1 to ${MAX_CELLS}`);
  return { cols, rows };
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}

class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalid(`${where}: expected an object`);
    this.#fields = value as Readonly<Record<string, unknown>>;
    this.#where = where;
  }

  allow(names: readonly string[]): void {
    const unknown = Object.keys(this.#fields).find((name) => !names.includes(name));
    if (unknown !== undefined) throw invalid(`${this.#where}: nothing is called "${unknown}" here`);
  }

  value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return value === undefined || value === null ? undefined : plainText(value, name);
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value !== undefined && typeof value !== 'boolean') throw invalid(`${name}: expected true or false`);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number') throw invalid(`${name}: expected a number`);
    return value;
  }
}

/** As the system takes it: without a NUL, and not too long. */
function plainText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw invalid(`${where}: expected text`);
  if (value.includes('\0')) throw invalid(`${where}: holds a NUL`);
  if (Buffer.byteLength(value) > MAX_TEXT_BYTES) throw invalid(`${where}: longer than ${MAX_TEXT_BYTES} bytes`);
  return value;
}

function argsOf(value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid('args: expected a list of texts');
  if (value.length > MAX_ARGS) throw invalid(`args: more than ${MAX_ARGS}`);
  return value.map((each, index) => plainText(each, `args[${index}]`));
}

function stdinOf(fields: Fields): Buffer | null {
  const [value, encoding] = [fields.value('stdin'), fields.text('stdin_encoding') ?? 'utf8'];
  if (encoding !== 'utf8' && encoding !== 'base64') throw invalid('stdin_encoding: expected utf8 or base64');
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw invalid('stdin: expected text');
  return Buffer.from(value, encoding);
}

function envOf(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('env: expected an object of texts');
  const entries = Object.entries(value);
  if (entries.length > MAX_VARIABLES) throw invalid(`env: more than ${MAX_VARIABLES} variables`);
  return Object.fromEntries(
    entries.map(([name, text]) => {
      if (!VARIABLE.test(name)) throw invalid('env: expected names of letters, digits and underscores');
      return [name, plainText(text, `env.${name}`)];
    }),
  );
}

function timeoutOf(seconds: number | undefined): number | null {
  if (seconds === undefined) return null;
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS)) throw invalid('timeout: expected seconds, more than 0');
  return Math.ceil(seconds * 1000);
}

function isCells(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= MAX_CELLS;
}
