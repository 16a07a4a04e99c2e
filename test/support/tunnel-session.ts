// A session of the tunnel server without sockets: what its client says is put in as frames, what it hears is there as messages.
import assert from 'node:assert/strict';
import { readMsgpack, type MsgpackRead } from '../../src/codec/msgpack/read-msgpack.ts';
import { type MsgpackValue, writeMsgpack } from '../../src/codec/msgpack/write-msgpack.ts';
import { FrameReader } from '../../src/codec/websocket/frame-reader.ts';
import type { Exchange, SwitchedConnection, SwitchedPeer } from '../../src/contract/exchange.ts';
import { LegacyClients } from '../../src/services/tunnels/legacy-clients.ts';
import type { TunnelLink } from '../../src/services/tunnels/tunnel-link.ts';
import { AccountMeter, type TunnelLimits } from '../../src/services/tunnels/account-meter.ts';
import { TunnelRegistry } from '../../src/services/tunnels/tunnel-registry.ts';
import type { SessionEvent, SessionHost } from '../../src/services/tunnels/session-host.ts';
import { TunnelSession } from '../../src/services/tunnels/tunnel-session.ts';
import { frame } from './websocket-frames.ts';

const LIMITS: TunnelLimits = { tunnels: 9, clients: 9, streams: null, requestsPerMinute: null, bytesPerDay: null };
const MASK = Buffer.from([9, 8, 7, 6]);

type BeginSession = (exchange: Exchange, fields: [], host: SessionHost) => void;

export class SessionStage {
  readonly heard: Readonly<Record<string, MsgpackRead>>[] = [];
  readonly done: string[] = [];
  readonly events: SessionEvent[] = [];
  readonly registry: TunnelRegistry = new TunnelRegistry({
    now: () => performance.now(),
    limitsOf: () => LIMITS,
  });
  readonly host: SessionHost;
  session: TunnelLink | null = null;
  /** The client takes no more for now. */
  isFull = false;
  private peer: SwitchedPeer | null = null;
  private message: Buffer[] = [];
  private readonly reader = new FrameReader({
    allowsCompression: false,
    sink: {
      begin: () => (this.message = []),
      part: (bytes, from, to) => this.message.push(Buffer.from(bytes.subarray(from, to))),
      end: () => {
        const bytes = Buffer.concat(this.message);
        // In the dialect of 2.x its length stands before it.
        const map = readMsgpack(bytes[0] === 0 ? bytes.subarray(8) : bytes);
        this.heard.push(Object.fromEntries(map as Map<string, MsgpackRead>));
      },
      control: (opcode, bytes) =>
        this.done.push(`frame ${opcode} ${bytes.length >= 2 ? Buffer.from(bytes).readUInt16BE() : ''}`),
    },
  });

  /** Another connection to the same server has its `host`. */
  constructor(begin: BeginSession = TunnelSession.begin.bind(TunnelSession), host: SessionHost | null = null) {
    const connection: SwitchedConnection = {
      write: (bytes, from, to) => {
        this.reader.take(bytes, from, to);
        return !this.isFull;
      },
      pause: () => this.done.push('pause'),
      resume: () => this.done.push('resume'),
      end: () => this.done.push('end'),
      cut: () => this.done.push('cut'),
    };
    const switchTo = (_protocol: string, _fields: unknown, peer: SwitchedPeer): SwitchedConnection => {
      this.peer = peer;
      return connection;
    };
    const request = { fields: { get: () => undefined } };
    const exchange = { client: { address: '192.0.2.1' }, request, switchTo } as unknown as Exchange;
    this.host = host ?? {
      registry: this.registry,
      admit: (token, _, then) => {
        const admitted = { meter: new AccountMeter('alice', LIMITS, { day: 0, bytes: 0, requests: 0 }) };
        if (token === 'asked for') setImmediate(then, admitted);
        else then(token === 'right' ? admitted : { refused: 'UNAUTHORIZED', why: 'this token is not valid here' });
      },
      legacyClients: new LegacyClients(),
      addressOf: ({ client }) => client.address,
      urlOf: (name) => `http://${name}.test`,
      tlsUrlOf: (name) => `tls://${name}.tls.test:443`,
      openTcp: async ({ port }) => {
        if (port === null) return { refused: 'TCP_DISABLED', why: 'there are none' };
        return { name: `tcp-${port}`, url: `tcp://tcp.test:${port}`, port };
      },
      note: (event, session) => {
        this.events.push(event);
        this.session = session;
      },
      counted: () => {},
    };
    begin(exchange, [], this.host);
  }

  /** A client that has shown its token and has nothing more to ask. */
  static async settled(version = 2): Promise<SessionStage> {
    const stage = new SessionStage();
    stage.say('Auth', { token: 'right', version });
    stage.say('TunnelCreate', { protocol: 'http', subdomain: 'app' });
    stage.heard.length = 0;
    return stage;
  }

  say(type: string, fields: Readonly<Record<string, MsgpackValue>> = {}): void {
    this.sayBytes(writeMsgpack({ ...fields, Type: type }));
  }

  sayBytes(payload: Buffer): void {
    const bytes = frame(payload, { opcode: 2, mask: MASK });
    (this.peer ?? assert.fail('there is no connection')).take(bytes, 0, bytes.length);
  }

  drain(): void {
    this.isFull = false;
    this.peer?.resume();
  }

  /** The connection breaks off. */
  leave(): void {
    this.peer?.closed();
  }
}
