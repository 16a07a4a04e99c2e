// What happens to a running Sluice and is worth telling whoever watches it. Rule: an event is plain data without secrets; most of them are
// lines of the application log that say with `event` which kind they are.
import type { LogFields } from '../../telemetry/application-log.ts';

export const EVENT_KINDS = [
  /** Proxies and backends: their checks, refused credentials. */
  'health',
  'breaker',
  'reload',
  'certificate',
  'tunnel',
  'agent',
  /** Of providers of AI. */
  'account',
  /** Somebody has run into a limit; once a second at most for each. */
  'limit',
  /** Somebody has changed something. */
  'audit',
  /** Any other line of the log. */
  'log',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

export const EVENT_LEVELS = ['info', 'warn', 'error', 'fatal'] as const;

export type EventLevel = (typeof EVENT_LEVELS)[number];

export interface EventFacts {
  readonly kind: EventKind;
  readonly level: EventLevel;
  readonly message: string;
  readonly fields: LogFields;
  /** It stands in the application log. */
  readonly isLogged: boolean;
}

/** Numbered in the order in which they came. */
export interface ProgramEvent extends EventFacts {
  readonly number: number;
  readonly atMs: number;
}

export interface EventFilter {
  /** Empty: all of them. `log` is every line of the log, whatever else it is. */
  readonly kinds: readonly EventKind[];
  /** From which level on lines of the log are wanted that are nothing else; null: from `warn` on. */
  readonly level: EventLevel | null;
  /** Stands somewhere in it; upper and lower case are the same. */
  readonly text: string | null;
}

export function isWanted(event: ProgramEvent, { kinds, level, text }: EventFilter): boolean {
  const asLog = event.isLogged && rankOf(event.level) >= rankOf(level ?? 'warn');
  const isOfKind =
    kinds.length === 0
      ? event.kind !== 'log' || asLog
      : (event.kind !== 'log' && kinds.includes(event.kind)) || (kinds.includes('log') && asLog);
  return isOfKind && (text === null || holds(event, text.toLowerCase()));
}

export function isEventKind(value: unknown): value is EventKind {
  return EVENT_KINDS.some((kind) => kind === value);
}

function rankOf(level: EventLevel): number {
  return EVENT_LEVELS.indexOf(level);
}

function holds({ message, fields }: ProgramEvent, text: string): boolean {
  return message.toLowerCase().includes(text) || JSON.stringify(fields).toLowerCase().includes(text);
}
