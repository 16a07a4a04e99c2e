// Visitors of TCP tunnels and of tunnels of TLS who come in at another node than that of the client: those that are taken there, and those that others
// bring here. Rule: where a visitor goes is asked when they come, so that a client that has moved is followed.
import type net from 'node:net';
import type { Config } from '../../config/config.ts';
import type { Origin, OriginDialEvents } from '../../contract/target.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import type { Dial } from '../../engine/origin-pool.ts';
import { greetNode } from '../../services/tunnels/node-handshake.ts';
import type { VisitorEnd } from '../../services/tunnels/link-stream.ts';
import { NodeLink, type VisitAnswer } from '../../services/tunnels/node-link.ts';
import { NodeLinks } from '../../services/tunnels/node-links.ts';
import { NodePorts } from '../../services/tunnels/node-ports.ts';
import { readVisit } from '../../services/tunnels/node-visit.ts';
import { NodeVisits, type Visit } from '../../services/tunnels/node-visits.ts';
import type { TunnelDirectory } from '../../services/tunnels/tunnel-directory.ts';
import { portOfTunnelName, tunnelNameOfPort } from '../../services/tunnels/tunnel-names.ts';
import { Connection, endsOf, NOBODY } from '../../transport/connection.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import type { SharedNodes } from '../nodes/shared-nodes.ts';
import { nodeAt } from '../registry.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import { type AskedDesk, AskedNodes } from './asked-nodes.ts';
import type { TcpDesk } from './tcp-desk.ts';
import type { TlsDesk } from './tls-desk.ts';

export interface VisitsOfNodesOptions {
  readonly nodes: Pick<SharedNodes, 'state' | 'id' | 'nodes'>;
  readonly places: Pick<TunnelDirectory, 'find' | 'lookUp' | 'doubt' | 'next'>;
  readonly secret: string;
  readonly tcp: Pick<TcpDesk, 'doors' | 'ports' | 'placeOf' | 'bring' | 'events' | 'countPorts'>;
  readonly tls: Pick<TlsDesk, 'bring'>;
  readonly desk: AskedDesk;
  readonly log: ThreadLog;
  /** A visitor goes to another node. */
  readonly sent: () => void;
}

/** Nodes that have gone leave theirs behind. */
const MOST_ORIGINS = 1_000;

export class VisitsOfNodes {
  readonly #options: VisitsOfNodesOptions;
  readonly #visits: NodeVisits;
  readonly #ports: NodePorts;
  /** To other nodes, and from them. */
  readonly #ways: NodeLinks;
  readonly #received = new Set<NodeLink>();
  readonly asked: AskedNodes;
  readonly #names = new ConfiguredDns();
  readonly #origins = new Map<string, Origin>();
  #dial: Dial | null = null;

  constructor(options: VisitsOfNodesOptions) {
    this.#options = options;
    const { nodes, places, tcp, log, sent } = options;
    this.#ways = new NodeLinks({ connect: (...asked) => this.#connect(...asked) });
    this.asked = new AskedNodes({
      desk: options.desk,
      open: (address, line, events) => this.#ways.open(address, line, events),
    });
    this.#visits = new NodeVisits({
      places,
      reach: (address, visit, events) => this.#ways.open(address, visit, events),
      sent,
      lost: () => tcp.events.noted('busy'),
      changed: () => {},
    });
    this.#ports = new NodePorts({
      state: nodes.state,
      node: nodes.id,
      nodes: () => nodes.nodes,
      doors: tcp.doors,
      own: () => tcp.ports(),
      placeOf: (port) => tcp.placeOf(port),
      take: (port, socket) => this.bring(socket, { name: tunnelNameOfPort(port), ends: endsOf(socket), first: null }),
      events: {
        unavailable: (port, reason) => {
          log('warn', { port, reason }, 'visitors of a TCP tunnel on another node cannot come in here');
        },
        changed: () => tcp.countPorts(this.#ports.open, this.#ports.missing),
      },
    });
  }

  /** How many go through here to other nodes. */
  get size(): number {
    return this.#visits.size;
  }

  configure(config: Config): void {
    const dial = originDialler(config.timeouts.connect, this.#names.of(config).cache);
    this.#dial = dial;
    this.#ports.configure();
    void this.#ports.round();
  }

  /** Somebody whose client is on another node; the socket is paused. */
  bring(socket: net.Socket, visit: Visit): void {
    this.#visits.bring(new Connection(socket, NOBODY), visit);
  }

  /** Another node will bring visitors on it. */
  receive(connection: Connection, rest: Buffer): void {
    const link: NodeLink = new NodeLink(connection, {
      visited: (line, visitor) => this.#visited(line, visitor),
      closed: () => void this.#received.delete(link),
    });
    this.#received.add(link);
    link.begin(rest);
  }

  #visited(line: string, visitor: VisitorEnd): VisitAnswer {
    const visit = readVisit(line);
    if (visit === null) return this.asked.answer(line, visitor) ?? 'refused';
    const { name, ends } = visit;
    const { tcp, tls } = this.#options;
    return portOfTunnelName(name) === null ? tls.bring(name, visitor, ends) : tcp.bring(name, visitor, ends);
  }

  /** Where the client of a port is, by what was heard. */
  heard(name: string, isElsewhere: boolean): void {
    const port = portOfTunnelName(name);
    if (port === null) return;
    if (isElsewhere) this.#ports.appeared(port);
    else this.#ports.gone(port);
  }

  isElsewhere(port: number): boolean {
    return this.#ports.has(port);
  }

  /** The others are told at once. */
  told(): void {
    void this.#ports.round();
  }

  /** Nobody comes in here any more. Resolves when those who are under way have gone. */
  drain(): Promise<void> {
    this.#ports.close();
    return this.#visits.drain();
  }

  close(): void {
    this.#ports.close();
    this.#visits.close();
    this.#ways.close();
    for (const link of this.#received) link.close();
  }

  #connect(address: string, connected: (connection: Connection, rest: Buffer) => void, failed: () => void): void {
    const { secret, log } = this.#options;
    const refused = (reason: string): void => {
      log('warn', { address, reason }, 'another node cannot be spoken to');
      failed();
    };
    const events: OriginDialEvents = {
      failed: (error) => refused(error.message),
      connected: (connection) => greetNode(connection, secret, { agreed: connected, failed: refused }, 'link'),
    };
    if (this.#dial === null) failed();
    else this.#dial(this.#originAt(address), events, null);
  }

  /** What it needs for TLS is kept with it. */
  #originAt(address: string): Origin {
    const known = this.#origins.get(address);
    if (known !== undefined) return known;
    if (this.#origins.size >= MOST_ORIGINS) this.#origins.clear();
    const origin = nodeAt(address);
    this.#origins.set(address, origin);
    return origin;
  }
}
