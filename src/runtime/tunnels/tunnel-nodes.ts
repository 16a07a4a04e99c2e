// What the tunnel server of this node has to do with those of others: it claims the names and ports of its clients, takes visitors to the clients of
// others, and lets in those whom other nodes bring. Rule: what another node has for another account is given up here, and its client is told.
import type net from 'node:net';
import type { Config } from '../../config/config.ts';
import type { NodeConfig } from '../../config/schema/node.ts';
import type { Policy } from '../../contract/policy.ts';
import { formatHostPort, parseAddress } from '../../core/address.ts';
import type { ForwardTarget } from '../../contract/target.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Dial } from '../../engine/origin-pool.ts';
import type { KnownPlaces } from '../../services/tunnels/known-places.ts';
import { receiveNode } from '../../services/tunnels/node-handshake.ts';
import type { DirectoryClaim, TunnelDirectory } from '../../services/tunnels/tunnel-directory.ts';
import type { TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import { portOfTunnelName, tunnelNameOfPort } from '../../services/tunnels/tunnel-names.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import type { DoorStatus } from '../doors/door.ts';
import type { SharedNodes } from '../nodes/shared-nodes.ts';
import { hidesMisses, spokenAddress, tunnelOfThisNode, TunnelOfNodes } from '../registry.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import { greetedDial } from './greeted-dial.ts';
import { nodeLines } from './node-lines.ts';
import type { AskedDesk, ListOfNodes } from './asked-nodes.ts';
import type { TcpDesk } from './tcp-desk.ts';
import type { TlsDesk } from './tls-desk.ts';
import { TunnelDoor, type TunnelDoorRoute } from './tunnel-door.ts';
import type { TunnelReport } from './tunnel-desk.ts';
import { VisitsOfNodes } from './visits-of-nodes.ts';

export interface TunnelNodesOptions {
  readonly nodes: Pick<SharedNodes, 'tunnels' | 'reachableAt' | 'state' | 'id' | 'nodes'>;
  readonly registry: TunnelRegistry;
  readonly tcp: TcpDesk;
  readonly tls: Pick<TlsDesk, 'bring'>;
  /** For other nodes, which list tunnels and end them. */
  readonly desk: AskedDesk;
  readonly node: NodeConfig;
  readonly log: ThreadLog;
  readonly ticketKeys: Buffer;
  /** What the threads are told of the places of names. */
  readonly places: KnownPlaces | null;
  /** A visitor goes to another node. */
  readonly sent: () => void;
  /** What else other nodes may ask for. */
  readonly routes?: readonly TunnelDoorRoute[];
}

interface Claiming {
  readonly outcome: Promise<DirectoryClaim>;
  /** Whoever has given the name to its client tells it. */
  isConfirmed: boolean;
}

/** Should this node end without a word, its names wait for their accounts from about then on. */
const HOLD_AGAIN_MS = 3_600_000;

export class TunnelNodes {
  readonly target: ForwardTarget;
  readonly policies: readonly Policy[] = [hidesMisses];
  readonly #options: TunnelNodesOptions;
  readonly #directory: TunnelDirectory;
  readonly visits: VisitsOfNodes;
  readonly #claims = new Map<string, Claiming>();
  readonly #holding: NodeJS.Timeout;
  #door: TunnelDoor | null = null;
  /** For what is still here when another process has taken the place of this one, such as agents that run. */
  #lastDoor: TunnelDoor | null = null;
  #config: Config | null = null;
  #isClosed = false;
  #sendsAway = false;
  /** Where other nodes reach this one. */
  #address = '';

  constructor(options: TunnelNodesOptions) {
    const { nodes, registry, log, places, sent } = options;
    this.#options = options;
    this.#directory = nodes.tunnels({
      lost: (name, { node }) => {
        log('info', { name, node }, 'the client of a tunnel has connected to another node');
        this.#giveWay(name, 'replaced');
      },
      refused: (name) => this.#refused(name),
      seen: (name, place) => {
        const isThere = place !== null && !place.isHere && !registry.isOnline(name);
        // Where several have it, it is chosen for each visitor anew.
        places?.set(name, isThere && place.members === undefined ? place.address : '');
        this.visits.heard(name, place !== null && !place.isHere);
      },
    });
    const { node, tcp, tls, desk } = options;
    const { secret } = node;
    this.visits = new VisitsOfNodes({ nodes, places: this.#directory, secret, tcp, tls, desk, log, sent });
    this.target = new TunnelOfNodes({ registry, places: this.#directory, node: nodes.id, sent });
    this.#holding = setInterval(() => this.#holdAll(), HOLD_AGAIN_MS).unref();
  }

  async open(config: Config): Promise<void> {
    const { node } = this.#options;
    this.#door = await this.#openAt(config, node.listen, (bound) => node.address ?? bound);
  }

  async #openAt(config: Config, listen: string, spoken: (bound: string) => string): Promise<TunnelDoor> {
    const { node, registry, log, ticketKeys, nodes, routes = [] } = this.#options;
    const door = new TunnelDoor(config, {
      door: 'nodes',
      listen,
      path: null,
      routes: [{ name: 'tunnel', path: '/*', target: tunnelOfThisNode(registry) }, ...routes],
      recorder: null,
      log,
      ticketKeys,
      admit: (socket, first, engine) => this.#admit(socket, first, engine),
    });
    await door.start();
    const { host } = new URL(door.status().address);
    const address = spokenAddress(spoken(host), node.tls !== null);
    nodes.reachableAt(address);
    this.#address = address;
    this.#config = config;
    log('info', { address }, 'open for other nodes');
    return door;
  }

  configure(config: Config): void {
    this.#config = config;
    this.#door?.configure(config);
    this.visits.configure(config);
  }

  get address(): string {
    return this.#address;
  }

  /** Beside those of this node. */
  list(own: readonly TunnelReport[]): Promise<ListOfNodes> {
    return this.visits.asked.list(own, this.#others());
  }

  /** Whether another node had it: its client, or the name that waits for one. */
  remove(name: string): Promise<boolean> {
    return this.visits.asked.remove(name, this.#others());
  }

  #others(): string[] {
    const { nodes } = this.#options;
    return nodes.nodes.flatMap(({ id, address }) => (id === nodes.id || address === '' ? [] : [address]));
  }

  doors(): DoorStatus[] {
    return this.#door === null ? [] : [this.#door.status()];
  }

  /** What begins a connection to another node. */
  readonly dialOver = (dial: Dial): Dial => {
    const { node, log } = this.#options;
    const greeted = greetedDial(dial, node.secret, (address, reason) => {
      log('warn', { address, reason }, 'another node cannot be spoken to');
    });
    return nodeLines(greeted);
  };

  // -- What the registry tells -----------------------------------------------------------------------------------------

  /** `sharedBy`: how many of those who share it here are fit; null: it is one client's alone. */
  taken(name: string, account: string, sharedBy: number | null = null): void {
    this.#options.places?.set(name, '');
    const directory = this.#directory;
    const outcome = sharedBy === null ? directory.claim(name, account) : directory.share(name, account, sharedBy);
    const claiming: Claiming = { outcome, isConfirmed: false };
    this.#claims.set(name, claiming);
    void claiming.outcome.then((outcome) => {
      if (this.#claims.get(name) === claiming) this.#claims.delete(name);
      if (outcome.kind === 'mine') void this.#directory.hold(name, this.#options.registry.holdMs);
      if (outcome.kind !== 'taken') return;
      if (claiming.isConfirmed) this.#options.registry.giveWay(name, 'refused');
      else this.#refused(name);
    });
  }

  shared(name: string, clients: number): void {
    this.#directory.count(name, clients);
  }

  left(name: string, holdMs: number): void {
    if (this.#sendsAway) void this.#directory.sendAway(name, holdMs);
    else void this.#directory.release(name, holdMs);
  }

  dropped(name: string): void {
    void this.#directory.forget(name);
  }

  /** Whether a name that is being claimed is this node's; null: it is none of those. */
  confirm(name: string): Promise<boolean> | null {
    const claiming = this.#claims.get(name);
    if (claiming === undefined) return null;
    claiming.isConfirmed = true;
    return claiming.outcome.then(({ kind }) => kind !== 'taken');
  }

  // -- What TCP tunnels tell -------------------------------------------------------------------------------------------

  async claim(port: number, account: string): Promise<boolean> {
    const name = tunnelNameOfPort(port);
    const { kind } = await this.#directory.claim(name, account);
    if (kind === 'mine') void this.#directory.hold(name, this.#options.registry.holdMs);
    return kind !== 'taken';
  }

  // --------------------------------------------------------------------------------------------------------------------

  #refused(name: string): void {
    this.#options.log('warn', { name }, 'a tunnel belongs to another account on another node');
    this.#giveWay(name, 'removed');
  }

  #giveWay(name: string, why: 'replaced' | 'removed'): void {
    const port = portOfTunnelName(name);
    if (port === null) this.#options.registry.giveWay(name, why);
    else this.#options.tcp.giveWay(port, why);
  }

  #holdAll(): void {
    const { registry, tcp } = this.#options;
    for (const port of tcp.ports()) void this.#directory.hold(tunnelNameOfPort(port), registry.holdMs);
    for (const { name, session } of registry.entries()) {
      if (session !== null) void this.#directory.hold(name, registry.holdMs);
    }
  }

  // --------------------------------------------------------------------------------------------------------------------

  #admit(socket: net.Socket, first: Buffer | null, engine: Engine): void {
    const connection = new Connection(socket, NOBODY);
    if (first !== null && first.length > 0) connection.unread(first);
    receiveNode(connection, this.#options.node.secret, {
      agreed: (agreed, rest, use) => {
        if (use === 'link') {
          this.visits.receive(agreed, rest);
          return;
        }
        engine.serveConnection(agreed);
        if (rest.length > 0) agreed.handler.onData(rest, 0, rest.length);
      },
      failed: (why) => {
        const { remoteAddress: client } = connection;
        this.#options.log('warn', { client, reason: why }, 'somebody who is no node was turned away');
      },
    });
  }

  /** From now on clients that go come to other nodes, if there are any. */
  sendsAway(): boolean {
    this.#sendsAway = this.#options.nodes.nodes.length > 1;
    return this.#sendsAway;
  }

  /**
   * The one that takes our place has the same address: whoever comes by a connection that was open would not get to it. What is still here is reached at
   * another port.
   */
  letGo(): void {
    this.#door?.stop();
    void this.#door?.drain();
    if (this.#config !== null && isTcp(this.#options.node.listen)) void this.#openLast(this.#config);
  }

  async #openLast(config: Config): Promise<void> {
    const { log, node } = this.#options;
    const listen = withPort(node.listen, 0);
    try {
      const door = await this.#openAt(config, listen, (bound) => {
        return node.address === null ? bound : withPort(node.address, Number(new URL(`http://${bound}`).port));
      });
      if (this.#isClosed) await door.close();
      else this.#lastDoor = door;
    } catch (error) {
      log('warn', { err: error }, 'other nodes cannot reach what still runs here');
    }
  }

  /** Resolves when those whom other nodes have brought have what they came for. */
  async drain(): Promise<void> {
    await this.#door?.drain();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#holding);
    this.visits.close();
    await this.#directory.leave();
    this.#directory.close();
    await Promise.all([this.#door?.close(), this.#lastDoor?.close()]);
  }
}

function isTcp(text: string): boolean {
  return parseAddress(text, { host: '' }).kind === 'tcp';
}

function withPort(text: string, port: number): string {
  const address = parseAddress(text, { host: '' });
  return address.kind === 'tcp' ? formatHostPort(address.host, port) : text;
}
