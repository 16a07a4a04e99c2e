// How the data path of a thread writes into the log of the program. Rule: what crosses a thread is plain data.
import type { LogFields, Logger } from '../../telemetry/application-log.ts';

export type ThreadLogLevel = 'debug' | 'info' | 'warn' | 'error';

export type ThreadLog = (level: ThreadLogLevel, fields: LogFields, message: string) => void;

export function threadLog(logger: Pick<Logger, ThreadLogLevel>): ThreadLog {
  return (level, fields, message) => logger[level](fields, message);
}
