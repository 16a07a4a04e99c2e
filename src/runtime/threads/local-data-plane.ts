// The data plane on the main thread, for `process.workers: 1`.
import type { Config } from '../../config/config.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { CacheMemories, CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import type { DomainLists, SharedLists } from '../../services/domains/domain-lists.ts';
import type { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import { cacheDisk, configuredCaches } from '../assemble/configured-caches.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { CapturedExchange } from '../../telemetry/capture-shelf.ts';
import type { TapeReading } from '../../telemetry/request-tape.ts';
import { listsOf } from '../assemble/assemble-filter.ts';
import type { DataPlane, DrainManner, SharedCounts } from './data-plane.ts';
import type { DoorStatus } from '../doors/door.ts';
import type { ThreadContext } from './thread-context.ts';
import { ThreadPlane } from './thread-plane.ts';

export class LocalDataPlane implements DataPlane {
  readonly members: MemberTable;
  readonly lists: DomainShelf;
  readonly caches: CacheShelf;
  readonly counts: SharedCounts;
  private readonly context: ThreadContext;
  private readonly files: DomainLists;
  private inForce: SharedLists = new Map();
  private cachesInForce: CacheMemories = new Map();
  private plane: ThreadPlane | null = null;

  constructor(context: ThreadContext, files: DomainLists) {
    this.context = context;
    this.files = files;
    this.members = context.members;
    this.lists = context.lists;
    this.caches = context.caches;
    this.counts = context;
  }

  async apply(config: Config): Promise<void> {
    const plane = this.plane ?? new ThreadPlane(this.context, config);
    const lists = await this.files.read(listsOf(config));
    this.lists.put(lists);
    const caches = this.caches.make(configuredCaches(config), cacheDisk(config));
    this.caches.put(caches);
    try {
      await plane.apply(config);
    } catch (error) {
      this.lists.put(this.inForce);
      this.caches.put(this.cachesInForce);
      throw error;
    }
    this.inForce = lists;
    this.cachesInForce = caches;
    this.plane = plane;
  }

  async drain(manner: DrainManner = {}): Promise<void> {
    await this.plane?.drain(manner);
  }

  async close(): Promise<void> {
    await this.plane?.close();
    this.context.spans.flush();
    this.caches.close();
    await this.context.accessLog?.close();
  }

  knowControlDoors(addresses: readonly string[]): Promise<void> {
    this.plane?.knowControlDoors(addresses);
    return Promise.resolve();
  }

  connections(limit: number): Promise<readonly OpenConnection[]> {
    return Promise.resolve((this.plane?.connections(limit) ?? []).slice(0, limit));
  }

  requests([since = 0]: readonly number[], most: number): Promise<readonly TapeReading[]> {
    return Promise.resolve([this.context.tape.read(since, most)]);
  }

  capture(id: string): Promise<CapturedExchange | null> {
    return Promise.resolve(this.context.captures.find(id));
  }

  replay(door: string, request: ReplayRequest): Promise<ReplayOutcome | null> {
    return this.plane?.replay(door, request) ?? Promise.resolve(null);
  }

  doors(): readonly DoorStatus[] {
    return this.plane?.doors() ?? [];
  }
}
