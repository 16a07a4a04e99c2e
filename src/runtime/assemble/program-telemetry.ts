// The log and the numbers of one running Sluice, as the config wants them. Rule: there is one of each in a process; the main
// thread writes and reads, workers hand theirs over.

import type { Config } from '../../config/config.ts';
import { type ApplicationLog, createLogger, type LogFields } from '../../telemetry/application-log.ts';
import { type ProgramFamilies, programFamilies } from '../../telemetry/families.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { processMetrics, threadMetrics } from '../../telemetry/process-metrics.ts';
import { EventBook } from '../events/event-book.ts';
import { VERSION } from '../version.ts';
import { TraceExport } from './trace-export.ts';

export interface ProgramTelemetry {
  readonly log: ApplicationLog;
  /** What has happened last, for whoever watches. */
  readonly events: EventBook;
  /** Where the main thread counts. */
  readonly recorder: MetricsRecorder;
  /** All threads together. */
  readonly view: MetricsView;
  /** Adds one to a number of the program as a whole. */
  readonly count: (family: keyof ProgramFamilies) => void;
  readonly traces: TraceExport;
  readonly noteReload: (result: 'success' | 'failure') => void;
  /** An error that nothing handled: it is logged once, with its stack, and counted. */
  readonly noteFault: (error: unknown, where: LogFields) => void;
  /** Ends the log last: nothing is written after this. */
  readonly close: () => Promise<void>;
}

export async function openTelemetry(
  { log: wanted }: Config,
  terminal: { isTty: boolean; colour: boolean },
): Promise<ProgramTelemetry> {
  const { level, format, file } = wanted;
  const events = new EventBook();
  const log = await createLogger({ level, format, file, ...terminal, tell: events.noteLine });
  const view = new MetricsView();
  const recorder: MetricsRecorder = new MetricsRecorder({ onDefine: (definition) => source.define(definition) });
  const source = view.attach(recorder.slab, []);
  const families = programFamilies(recorder);
  view.onCollect(processMetrics(recorder, VERSION));
  view.onCollect(() => {
    recorder.slots[families.droppedLogLines] = log.sink.dropped;
  });
  const traces = new TraceExport(recorder, log);
  view.onCollect(traces.collect);
  const stopThreadMetrics = threadMetrics(recorder);
  const count = (family: keyof ProgramFamilies): void => {
    const slot = families[family];
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + 1;
  };
  const noteReload = (result: 'success' | 'failure'): void => {
    count(result === 'success' ? 'reloadsSucceeded' : 'reloadsFailed');
    if (result === 'success') recorder.slots[families.lastReloadSuccess] = Date.now() / 1000;
  };
  const noteFault = (error: unknown, where: LogFields): void => {
    count('uncaughtErrors');
    log.error({ err: error, ...where }, 'uncaught error');
  };
  return {
    log,
    events,
    recorder,
    view,
    count,
    noteReload,
    noteFault,
    traces,
    close: async () => {
      stopThreadMetrics();
      await traces.close();
      return log.close();
    },
  };
}
