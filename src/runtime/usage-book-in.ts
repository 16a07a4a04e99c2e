// Where it is kept what was used of AI providers: on this machine, or in Redis. Rule: one book for a process, and nothing on disk before
// there is something to keep; that Redis is gone is told and hinders nothing.
import { join } from 'node:path';
import type { ProcessConfig } from '../config/schema/process.ts';
import { UsageBook } from '../services/usage/usage-book.ts';
import { EmbeddedUsage } from '../state/embedded-usage.ts';
import { PatientUsage } from '../state/patient-usage.ts';
import { RedisConnection } from '../state/redis-connection.ts';
import { RedisUsage } from '../state/redis-usage.ts';
import type { UsageStore } from '../state/usage-store.ts';
import { WaitingFile } from '../state/waiting-file.ts';
import type { Logger } from '../telemetry/application-log.ts';
import type { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import { stateWatch } from './nodes/state-watch.ts';

type Log = Pick<Logger, 'error' | 'warn' | 'info'>;

export function usageBookIn(
  process: Pick<ProcessConfig, 'state' | 'data_dir'>,
  logger: Log,
  recorder?: MetricsRecorder,
): UsageBook {
  const { state, data_dir: dataDir } = process;
  const store =
    state === 'embedded'
      ? new EmbeddedUsage(join(dataDir, 'usage.db'))
      : sharedStore({ url: state, dataDir, logger, recorder });
  return new UsageBook({ store, logger });
}

interface StoreParts {
  readonly url: string;
  readonly dataDir: string;
  readonly logger: Log;
  readonly recorder: MetricsRecorder | undefined;
}

function sharedStore({ url, dataDir, logger, recorder }: StoreParts): UsageStore {
  const connection: RedisConnection = new RedisConnection({
    url,
    watch: recorder && stateWatch(recorder, 'usage'),
    onUp: () => logger.info({ server: connection.server }, 'Redis of process.state is reached'),
    onDown: (reason) => logger.warn({ server: connection.server, reason }, 'Redis of process.state is not reached'),
  });
  return new PatientUsage({
    store: new RedisUsage(connection),
    waiting: new WaitingFile({ path: join(dataDir, 'usage-waiting.db') }),
    onDown: (err) => logger.warn({ err }, 'what is used of AI providers waits on this machine until Redis takes it'),
    onUp: (requests) => logger.info({ requests }, 'Redis has taken what was used of AI providers in the meantime'),
  });
}
