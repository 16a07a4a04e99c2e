// The application log: what the program itself has to say, as NDJSON or for people, on pino. Rule: every text and every
// field passes the redaction, and nobody else imports pino.

import type { Logger as PinoLogger } from 'pino';
import { IsoTimeCache } from '../core/clock.ts';
import { redactText, redactValue } from '../core/redact.ts';
import { FileSink } from './file-sink.ts';
import type { LogSink } from './log-sink.ts';
import { prettyFormatter } from './pretty-line.ts';

const SEVERITY = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: 70 } as const;
const STDOUT = 1;
const STDERR = 2;

export type LogLevel = keyof typeof SEVERITY;
export type LogFormat = 'auto' | 'json' | 'pretty';
/** Put errors under `err`: they come out with type, code, message, stack and cause. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface LogMethod {
  (message: string): void;
  (fields: LogFields, message: string): void;
}

export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** A logger whose lines all carry `fields`; it follows the level of its parent. */
  child(fields: LogFields): Logger;
}

/** A line as it stands in the log. */
export interface ToldLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export type TellLine = (line: ToldLine) => void;

export interface ApplicationLog extends Logger {
  /** Where the lines go; the access log may write there too. */
  readonly sink: LogSink;
  readonly pretty: boolean;
  readonly level: LogLevel;
  /** Takes effect at once, for children too. */
  setLevel(level: LogLevel): void;
  /** After log rotation. */
  reopen(): void;
  close(): Promise<void>;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Appended to; null for standard output (JSON) or standard error (pretty). */
  readonly file: string | null;
  /** Is standard error a terminal? */
  readonly isTty: boolean;
  /** Without it, a terminal gets colours. */
  readonly colour?: boolean;
  /** Takes the lines instead of a file or a standard stream: in a worker. */
  readonly sink?: LogSink;
  /** Told of every line from `info` on, also of those that the level keeps out of the log. */
  readonly tell?: TellLine;
}

/** Loads pino, and pino-pretty for a terminal, when it is called: to import this file costs nothing. */
export async function createLogger(options: LoggerOptions): Promise<ApplicationLog> {
  const { level, format, file, isTty, colour = isTty } = options;
  const { pino } = await import('pino');
  const pretty = format === 'pretty' || (format === 'auto' && isTty && file === null);
  const render = pretty ? await prettyFormatter(colour && file === null) : (line: string): string => line;
  const sink = options.sink ?? new FileSink({ to: file ?? (pretty ? STDERR : STDOUT) });
  const time = new IsoTimeCache();
  const root = pino(
    {
      base: null,
      level: 'trace',
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${time.at(Date.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are plain data by then; pino's own serialiser would take them apart once more.
      serializers: { err: (err: unknown) => err },
    },
    { write: (line: string) => void sink.write(Buffer.from(render(line)), 1) },
  );
  const threshold = { level };
  return {
    ...loggerOver(root, threshold, { tell: options.tell ?? null, fields: {} }),
    sink,
    pretty,
    get level() {
      return threshold.level;
    },
    setLevel: (next) => {
      threshold.level = next;
    },
    reopen: () => sink.reopen(),
    close: () => sink.close(),
  };
}

interface Listener {
  readonly tell: TellLine | null;
  /** That all lines of a logger carry. */
  readonly fields: LogFields;
}

/** One threshold for a logger and all its children: pino's own would stay behind in children when it is changed. */
function loggerOver(pino: PinoLogger, threshold: { readonly level: LogLevel }, listener: Listener): Logger {
  const method = (level: Exclude<LogLevel, 'silent'>): LogMethod => {
    const tell = SEVERITY[level] >= SEVERITY.info ? listener.tell : null;
    return (first: string | LogFields, message?: string): void => {
      const isWritten = SEVERITY[level] >= SEVERITY[threshold.level];
      if (!isWritten && tell === null) return;
      const text = redactText(typeof first === 'string' ? first : (message ?? ''));
      const fields = typeof first === 'string' ? {} : (redactValue(first) as LogFields);
      if (isWritten) pino[level](fields, text);
      tell?.({ level, message: text, fields: { ...listener.fields, ...fields } });
    };
  };
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    child: (more) => {
      const fields = redactValue(more) as LogFields;
      return loggerOver(pino.child(fields), threshold, { ...listener, fields: { ...listener.fields, ...fields } });
    },
  };
}
