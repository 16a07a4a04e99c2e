// A data plane on worker threads in the process of the test, with its log, its numbers and its threads at hand. Rule: the
// threads end with the test.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { WorkerDataPlane } from '../../src/runtime/threads/worker-data-plane.ts';
import type { LogFields } from '../../src/telemetry/application-log.ts';
import { DomainLists } from '../../src/services/domains/domain-lists.ts';
import type { UsageRecord } from '../../src/services/usage/usage-record.ts';
import { InnerDoor } from '../../src/runtime/processes/inner-door.ts';
import type { ProcessDesk } from '../../src/runtime/processes/process-desk.ts';
import { MetricsView } from '../../src/telemetry/metrics-view.ts';
import { configOf, type GatewaySettings } from './gateway.ts';
import { MemorySink } from './memory-sink.ts';
import { processDesk } from './process-desk.ts';
import type { TunnelDesk } from '../../src/runtime/tunnels/tunnel-desk.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { tunnelDesk } from './tunnel-desk.ts';

/** Whatever a test waits for comes within a second, or never. */
const NEVER_MS = 20_000;
const LOOK_EVERY_MS = 5;

/** Calls back with every thread that is started during the test. */
export function watchThreads(t: TestContext, onThread: (worker: Worker) => void): void {
  process.on('worker', onThread);
  t.after(() => process.off('worker', onThread));
}

export class WorkerStage {
  /** Every thread that was started, the oldest one first. */
  readonly threads: Worker[] = [];
  readonly view: MetricsView = new MetricsView();
  readonly accessSink: MemorySink = new MemorySink();
  readonly logged: string[] = [];
  /** What workers wrote into the application log. */
  readonly said: { readonly level: string; readonly fields: LogFields; readonly message: string }[] = [];
  readonly used: UsageRecord[] = [];
  /** What runs programs. */
  readonly desk: ProcessDesk = processDesk();
  readonly faults: Error[] = [];
  restarts = 0;
  readonly plane: WorkerDataPlane;
  /** The main thread has it. */
  readonly tunnels: TunnelDesk;

  constructor(t: TestContext, threads: number) {
    watchThreads(t, (worker) => this.threads.push(worker));
    this.tunnels = tunnelDesk({ dataDir: temporaryFolder(t) });
    t.after(() => this.tunnels.close());
    const error = (fields: unknown, message = String(fields)): void => void this.logged.push(message);
    this.plane = new WorkerDataPlane({
      threads,
      accessFormat: 'json',
      accessSink: this.accessSink,
      view: this.view,
      logger: { error },
      files: new DomainLists(),
      log: (level, fields, message) => void this.said.push({ level, fields, message }),
      tunnelSocket: this.tunnels.socketPath,
      knownNames: this.tunnels.knownNames,
      tellUsage: (record) => void this.used.push(record),
      takeSpans: () => {},
      inner: new InnerDoor({ desk: this.desk, log: () => {} }),
      noteFault: (fault) => this.faults.push(fault),
      countRestart: () => this.restarts++,
    });
    this.desk.agents.knowDoors(() => this.plane.doors());
    t.after(async () => {
      await this.plane.close();
      await this.desk.close();
    });
  }

  static async open(t: TestContext, threads: number, settings: GatewaySettings): Promise<WorkerStage> {
    const stage = new WorkerStage(t, threads);
    await stage.apply(settings);
    return stage;
  }

  async apply(settings: GatewaySettings): Promise<void> {
    const config = configOf(settings);
    await this.desk.prepare(config);
    await this.plane.apply(config);
    this.desk.follow(config);
  }

  get url(): string {
    return this.plane.doors()[0]?.address ?? assert.fail('there is no door');
  }

  /** Threads report in their own time. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const givenUpAt = performance.now() + NEVER_MS;
    while (!condition()) {
      assert.ok(performance.now() < givenUpAt, `never came to pass: ${what}`);
      await pause(LOOK_EVERY_MS);
    }
  }
}
