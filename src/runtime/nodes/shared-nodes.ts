// What the main thread of a node has of the state that nodes share, and that the others know of this node. Rule: where there is no Redis this
// node is alone, and nothing is opened before somebody keeps something.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ProcessConfig } from '../../config/schema/process.ts';
import { SharedRuns } from '../../services/agents/shared-runs.ts';
import { SharedDirectory } from '../../services/tunnels/shared-directory.ts';
import type { DirectoryEvents, TunnelDirectory } from '../../services/tunnels/tunnel-directory.ts';
import { MemoryState } from '../../state/memory-state.ts';
import { RedisConnection } from '../../state/redis-connection.ts';
import { RedisState } from '../../state/redis-state.ts';
import { SharedRows, type SharedRowsOptions } from '../../state/shared-rows.ts';
import type { NodeEntry, SharedState } from '../../state/shared-state.ts';
import { SqliteState } from '../../state/sqlite-state.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { spokenName } from '../registry.ts';
import { HealthHints, type HealthHintsOptions } from './health-hints.ts';
import { stateWatch } from './state-watch.ts';

export interface SharedNodesOptions {
  readonly process: Pick<ProcessConfig, 'state' | 'data_dir'>;
  readonly recorder: MetricsRecorder;
}

const RELOAD = 'reload';
const STAND_EVERY_MS = 2_000;
/** A node that has not been heard of for so long is no more. */
const STAND_MS = 10_000;
/** So long a node that ends waits until all is told of its runs. */
const SETTLE_MS = 1_000;

export class SharedNodes {
  /** Of this process. */
  readonly id: string = randomUUID();
  readonly state: SharedState;
  readonly isShared: boolean;
  /** Where other nodes reach this one; empty: nowhere. */
  #address = '';
  #nodes: readonly NodeEntry[];
  #timer: NodeJS.Timeout | null = null;
  #hints: HealthHints | null = null;
  #runs: SharedRuns | null = null;
  #isClosed = false;
  #hasStood = false;

  constructor({ process: { state, data_dir: dataDir }, recorder }: SharedNodesOptions) {
    this.isShared = state !== 'embedded';
    this.state = this.isShared ? redisState(state, recorder) : new SqliteState(join(dataDir, 'state.db'));
    this.#nodes = [this.#own()];
    if (this.isShared) void this.#stand();
  }

  /** As it was known last, this one included. */
  get nodes(): readonly NodeEntry[] {
    return this.#nodes;
  }

  /** What people call this one. */
  get name(): string {
    return this.#address === '' ? `${hostname()}:${process.pid}` : spokenName(this.#address);
  }

  /** From here on others are told so. */
  reachableAt(address: string): void {
    this.#address = address;
    if (this.isShared) void this.#stand();
  }

  /** Of agents, on all nodes. */
  runs(): SharedRuns {
    const self = (): { name: string; address: string } => ({ name: this.name, address: this.#address });
    this.#runs ??= new SharedRuns({ state: this.state, node: this.id, self, nodes: () => this.#nodes });
    return this.#runs;
  }

  /** Of tunnels: on all nodes, or on this one alone. */
  tunnels(events: DirectoryEvents): TunnelDirectory {
    const state = this.isShared ? this.state : new MemoryState();
    return new SharedDirectory({
      state,
      node: this.id,
      address: () => this.#address,
      events,
      // Before it was heard who is there nobody is missing.
      isThere: (node) => !this.#hasStood || this.#nodes.some(({ id }) => id === node),
    });
  }

  /** A table of all nodes, of which this one has a copy. Whoever asks for it closes it. */
  rows(options: Omit<SharedRowsOptions, 'state'>): SharedRows {
    return new SharedRows({ ...options, state: this.state });
  }

  /** Until this is closed. */
  shareHints({ members, suspect }: Pick<HealthHintsOptions, 'members' | 'suspect'>): void {
    if (this.isShared) this.#hints ??= new HealthHints({ state: this.state, node: this.id, members, suspect });
  }

  /** Rejects when nobody can be told. */
  async tellReload(): Promise<void> {
    if (this.isShared) await this.state.publish(RELOAD, this.id);
  }

  /** Another node has loaded its config again, and asks all others to do the same. */
  hearReload(reload: () => void): void {
    if (!this.isShared) return;
    this.state.hear(RELOAD, (from) => {
      if (from !== this.id) reload();
    });
  }

  /** The others are told at once, if they can be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#hints?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#runs?.settled(SETTLE_MS);
    this.#runs?.close();
    if (this.isShared && this.state.isUp) await this.state.standDown(this.id).catch(() => {});
    this.state.close();
  }

  async #stand(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      this.#nodes = await this.state.standUp(this.#own(), STAND_MS);
      this.#hasStood = true;
    } catch {
      // As many as there were; the connection has told of it.
    }
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#stand(), STAND_EVERY_MS).unref();
  }

  #own(): NodeEntry {
    return { id: this.id, address: this.#address };
  }
}

function redisState(url: string, recorder: MetricsRecorder): SharedState {
  return new RedisState({ connection: new RedisConnection({ url, watch: stateWatch(recorder, 'nodes') }), url });
}
