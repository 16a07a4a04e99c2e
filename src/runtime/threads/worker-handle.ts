// The main thread's end of one worker. Rule: every call is answered or rejected, also when the worker dies under it.
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, SluiceError } from '../../core/errors.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { CapturedExchange } from '../../telemetry/capture-shelf.ts';
import type { TapeReading } from '../../telemetry/request-tape.ts';
import { isOneFile, readPart } from '../../services/program/program-parts.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import type { LogSink } from '../../telemetry/log-sink.ts';
import type { MetricsSource, MetricsView } from '../../telemetry/metrics-view.ts';
import type { TakeSpans } from '../../telemetry/traces/span-gatherer.ts';
import type { DoorStatus } from '../doors/door.ts';
import type { ThreadLog } from './thread-log.ts';
import type { WorkerCall, WorkerFault, WorkerMessage, WorkerRequest, WorkerStart } from './worker-messages.ts';

export interface WorkerOwner {
  readonly view: MetricsView;
  readonly accessSink: LogSink | null;
  readonly log: ThreadLog;
  readonly tellUsage: TellUsage;
  readonly takeSpans: TakeSpans;
  /** Something in the worker went wrong and nothing there handled it; the worker goes on. */
  faulted(error: Error, origin: string): void;
  /** The worker is gone though nobody asked it to go. */
  crashed(handle: WorkerHandle, error: Error): void;
}

type WorkerAnswer = Extract<WorkerMessage, { kind: 'answer' }>;

interface PendingCall {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that is stuck says nothing any more. */
const LAST_WORDS_MS = 1_000;
const WORKER_FILE = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';

/** As code where there is no file of it. */
function openWorker(workerData: WorkerStart): Worker {
  const file = new URL(WORKER_FILE, import.meta.url);
  if (!isOneFile) return new Worker(file, { workerData });
  return new Worker(String(readPart('worker', file)), { eval: true, workerData });
}

export class WorkerHandle {
  /** Which of the workers it is, from 0 on. */
  readonly thread: number;
  private readonly owner: WorkerOwner;
  private readonly worker: Worker;
  private readonly calls = new Map<number, PendingCall>();
  private source: MetricsSource | null = null;
  private lastId = 0;
  private ended = false;
  private fault: Error | null = null;

  constructor(start: WorkerStart, owner: WorkerOwner) {
    this.owner = owner;
    this.thread = start.thread;
    this.worker = openWorker(start);
    this.worker.on('message', (message: WorkerMessage) => this.hear(message));
    this.worker.on('error', (error: Error) => {
      this.fault = error;
    });
    this.worker.on('exit', () => this.gone());
  }

  /** The doors of the worker when it has done what it was told. */
  async call(call: WorkerCall): Promise<readonly DoorStatus[]> {
    return (await this.ask(call)).doors;
  }

  async connections(limit: number): Promise<readonly OpenConnection[]> {
    return (await this.ask({ kind: 'connections', limit })).connections;
  }

  async requests(since: number, most: number): Promise<TapeReading> {
    return (await this.ask({ kind: 'requests', since, most })).requests ?? { requests: [], missed: 0, position: since };
  }

  async capture(requestId: string): Promise<CapturedExchange | null> {
    return (await this.ask({ kind: 'capture', requestId })).capture;
  }

  async replay(door: string, request: ReplayRequest): Promise<ReplayOutcome | null> {
    return (await this.ask({ kind: 'replay', door, request })).replayed;
  }

  private ask(call: WorkerCall): Promise<WorkerAnswer> {
    if (this.ended) return Promise.reject(new SluiceError('internal', { message: 'the worker is gone' }));
    this.lastId++;
    const request: WorkerRequest = { id: this.lastId, call };
    return new Promise((resolve, reject) => {
      this.calls.set(request.id, { resolve, reject });
      this.worker.postMessage(request);
    });
  }

  /** Ends the thread, which first says what it still has to say of everything that it cuts. */
  async stop(): Promise<void> {
    const closed = this.call({ kind: 'close' }).catch(() => {});
    this.ended = true;
    await Promise.race([closed, pause(LAST_WORDS_MS, undefined, { ref: false })]);
    await this.worker.terminate();
  }

  private hear(message: WorkerMessage): void {
    switch (message.kind) {
      case 'answer':
        this.answered(message);
        break;
      case 'metrics':
        this.source = this.owner.view.attach(message.slab, message.definitions);
        break;
      case 'define':
        this.source?.define(message.definition);
        break;
      case 'log':
        this.owner.log(message.level, message.fields, message.message);
        break;
      case 'fault':
        this.owner.faulted(errorOf(message), message.origin);
        break;
      case 'usage':
        this.owner.tellUsage(message.record);
        break;
      case 'spans':
        this.owner.takeSpans(message.spans);
        break;
      case 'log-lines':
        this.owner.accessSink?.write(message.lines, message.count);
        break;
    }
  }

  private answered(answer: WorkerAnswer): void {
    const { id, error } = answer;
    const pending = this.calls.get(id);
    this.calls.delete(id);
    if (error === null) pending?.resolve(answer);
    else pending?.reject(new SluiceError(error.code as ErrorCode, { message: error.message }));
  }

  private gone(): void {
    const wasAsked = this.ended;
    const error = this.fault ?? new SluiceError('internal', { message: 'the worker ended by itself' });
    this.ended = true;
    this.source?.detach();
    for (const { reject } of this.calls.values()) reject(error);
    this.calls.clear();
    if (!wasAsked) this.owner.crashed(this, error);
  }
}

/** The error as it was in the worker. */
function errorOf({ name, message, stack }: WorkerFault): Error {
  return Object.assign(new Error(message), { name, stack });
}
