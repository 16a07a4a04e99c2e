// The ports of TCP tunnels that are live on other nodes: each is open here as well, and who comes goes on to the node of its client. Rule: a port that
// cannot be had here is told and tried again, and is no fault of any client; while nobody can be asked, those that are known stay open.
import type net from 'node:net';
import type { NodeEntry, SharedState } from '../../state/shared-state.ts';
import type { PortDoors } from './port-doors.ts';

export interface NodePortsOptions {
  readonly state: Pick<SharedState, 'get' | 'put'>;
  /** The id of this node. */
  readonly node: string;
  readonly nodes: () => readonly NodeEntry[];
  readonly doors: PortDoors;
  /** Those of this node's own clients. */
  readonly own: () => readonly number[];
  /** Null: this node opens none. */
  readonly placeOf: (port: number) => string | null;
  readonly take: (port: number, socket: net.Socket) => void;
  readonly events: NodePortsEvents;
  readonly now?: () => number;
}

export interface NodePortsEvents {
  /** `why`: as the system says it. */
  unavailable(port: number, why: string): void;
  changed(): void;
}

interface LivePort {
  readonly take: (socket: net.Socket) => void;
  /** Where it is open, or being opened. */
  host: string | null;
  isOpen: boolean;
  /** It could not be had, and that was told. */
  isTold: boolean;
  /** As long as nobody says otherwise, or has not been heard of for so long. */
  seenAtMs: number;
}

const ROUND_MS = 5_000;
/** A list that is not renewed ends. */
const LIST_MS = 20_000;

export class NodePorts {
  readonly #options: NodePortsOptions;
  readonly #now: () => number;
  readonly #live = new Map<number, LivePort>();
  readonly #timer: NodeJS.Timeout;
  #told = '[]';
  #isUnderWay = false;
  #isClosed = false;

  constructor(options: NodePortsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => void this.round(), ROUND_MS).unref();
  }

  /** How many ports of other nodes are open here. */
  get open(): number {
    return this.#count(true);
  }

  /** And how many cannot be had. */
  get missing(): number {
    return this.#count(false);
  }

  has(port: number): boolean {
    return this.#live.has(port);
  }

  /** A client has it on another node. */
  appeared(port: number): void {
    if (this.#isClosed) return;
    const known = this.#live.get(port);
    if (known !== undefined) known.seenAtMs = this.#now();
    else {
      const take = (socket: net.Socket): void => this.#options.take(port, socket);
      this.#live.set(port, { take, host: null, isOpen: false, isTold: false, seenAtMs: this.#now() });
    }
    void this.#open(port);
  }

  /** Nobody has it any more, or this node has. */
  gone(port: number): void {
    const live = this.#live.get(port);
    if (live === undefined) return;
    this.#live.delete(port);
    this.#options.doors.leave(port, 'passing', live.take);
    this.#options.events.changed();
  }

  /** What this node may open has changed. */
  configure(): void {
    for (const [port, live] of this.#live) {
      if (live.host !== null && live.host !== this.#options.placeOf(port)) this.#leave(port, live);
      void this.#open(port);
    }
  }

  /** Tells the others of the ports here, and hears of theirs what was not heard at once; called from time to time. */
  async round(): Promise<void> {
    if (this.#isUnderWay || this.#isClosed) return;
    this.#isUnderWay = true;
    try {
      await this.#tell();
      this.#compare(await this.#listed());
    } catch {
      // What is known stays; next time.
    }
    this.#isUnderWay = false;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const port of this.#live.keys()) this.gone(port);
  }

  async #tell(): Promise<void> {
    const { state, node, own } = this.#options;
    const list = JSON.stringify([...own()].sort((one, other) => one - other));
    if (list === '[]' && this.#told === '[]') return;
    await state.put(listKey(node), list, LIST_MS);
    this.#told = list;
  }

  async #listed(): Promise<Set<number>> {
    const { state, node, nodes } = this.#options;
    const others = nodes().filter(({ id, address }) => id !== node && address !== '');
    const lists = await Promise.all(others.map(({ id }) => state.get(listKey(id))));
    return new Set(lists.flatMap(portsOf));
  }

  #compare(listed: ReadonlySet<number>): void {
    const own = new Set(this.#options.own());
    for (const port of listed) if (!own.has(port)) this.appeared(port);
    for (const [port, { seenAtMs }] of this.#live) {
      if (!listed.has(port) && seenAtMs + LIST_MS < this.#now()) this.gone(port);
    }
  }

  async #open(port: number): Promise<void> {
    const { doors, placeOf, events } = this.#options;
    const [live, host] = [this.#live.get(port), placeOf(port)];
    if (live === undefined || host === null || live.host === host) return;
    live.host = host;
    try {
      await doors.open({ port, host }, 'passing', live.take);
      if (this.#live.get(port) !== live || live.host !== host) doors.leave(port, 'passing', live.take);
      else live.isOpen = true;
      live.isTold = false;
    } catch (error) {
      live.host = null;
      if (!live.isTold) events.unavailable(port, (error as NodeJS.ErrnoException).code ?? String(error));
      live.isTold = true;
    }
    events.changed();
  }

  #leave(port: number, live: LivePort): void {
    live.host = null;
    live.isOpen = false;
    this.#options.doors.leave(port, 'passing', live.take);
  }

  #count(isOpen: boolean): number {
    let count = 0;
    for (const live of this.#live.values()) if (live.isOpen === isOpen) count += 1;
    return count;
  }
}

function listKey(node: string): string {
  return `tunnel-ports:${node}`;
}

/** Nodes may be of different versions. */
function portsOf(list: string | null): number[] {
  try {
    const ports: unknown = JSON.parse(list ?? '[]');
    return Array.isArray(ports) ? ports.filter((port) => Number.isInteger(port) && port > 0 && port < 65_536) : [];
  } catch {
    return [];
  }
}
