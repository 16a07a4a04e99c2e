// What a case of the bench is: one kind of traffic, sent to each contestant in turn.
// Rule: a case yields one number that says what a unit of its work costs the proxy; everything else is context.
import type { Compression, Door } from '../peers/peer.ts';
import type { PolicySet } from '../peers/sluice-policies.ts';

/** Whom a case measures: a peer in a certain setting. The label is what tables show. */
export interface Contestant {
  readonly label: string;
  readonly peer: string;
  readonly workers: number;
  readonly accessLog: boolean;
  /** Sluice's own; none for the other peers. */
  readonly policies?: PolicySet;
  readonly compression?: Compression;
  readonly caches?: boolean;
  /** Of the cache, where not as much as it has by default: `16MB`. */
  readonly cacheMemory?: string;
}

export interface Target {
  readonly door: Door;
  readonly port: number;
  readonly backendPort: number;
  /** Before the paths of a provider of AI. */
  readonly aiPrefix: string;
  /** The root of the proxy's process tree. */
  readonly pid: number;
  readonly workers: number;
  /** For files of the load programs. */
  readonly dir: string;
  readonly loadCpus: string | null;
}

export interface Sample {
  /** CPU microseconds per unit, or whatever `Case.cost` says. */
  readonly cost: number;
  readonly perSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly rssMiB: number;
  readonly errors: number;
  /** Of the work, in the least busy worker; 0.5 is even for two. */
  readonly leastShare?: number;
}

export interface Case {
  readonly name: string;
  readonly title: string;
  /** What a reader of the figures should know. */
  readonly remark?: string;
  /** What the number is, with its unit: `CPU µs per request`. */
  readonly cost: string;
  readonly door: Door;
  /** The label that ratios refer to. */
  readonly baseline: string;
  readonly contestants: readonly Contestant[];
  /** Not bound to one core. */
  readonly unpinned?: boolean;
  /** Started anew for each sample, because the first run changes what the second would see. */
  readonly fresh?: boolean;
  /** One request, to see that the proxy does the work at all before its speed is looked at. */
  verify(target: Target): Promise<void>;
  warm(target: Target, seconds: number): Promise<void>;
  sample(target: Target, seconds: number): Promise<Sample>;
}

/** Each peer with one worker and no access log: the setting of most cases. */
export function plain(...peers: readonly string[]): Contestant[] {
  return peers.map((peer) => ({ label: peer, peer, workers: 1, accessLog: false }));
}
