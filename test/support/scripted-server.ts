// A tunnel server that says what a test has it say, over a real WebSocket. Rule: it does nothing by itself; what it has heard is there in
// order.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { readMsgpack, type MsgpackRead } from '../../src/codec/msgpack/read-msgpack.ts';
import { message } from '../../src/codec/tunnel/messages.ts';
import type { MsgpackValue } from '../../src/codec/msgpack/write-msgpack.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';
import { TlsClient } from '../../src/transport/tls-client.ts';
import type { ServerWay } from '../../src/services/tunnel-client/reach-server.ts';

/** The way to a server of this machine. */
export function wayTo(port: number, more: Partial<ServerWay> = {}): ServerWay {
  const server = { host: '127.0.0.1', port, secure: false };
  return { server, proxies: [], chain: null, dns: new DnsCache(), tls: new TlsClient({ alpn: ['http/1.1'] }), ...more };
}

export class ScriptedServer {
  readonly port: number;
  readonly #sockets: WebSocketServer;
  /** What whoever wants to open a WebSocket is answered; 0: it is opened. */
  refusal = 0;

  private constructor(port: number, server: http.Server) {
    this.port = port;
    this.#sockets = new WebSocketServer({
      server,
      verifyClient: (_info, done) => done(this.refusal === 0, this.refusal),
    });
  }

  /** Plain requests get what `answer` says. */
  static async open(t: TestContext, answer: http.RequestListener = () => {}): Promise<ScriptedServer> {
    const server = http.createServer(answer);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const scripted = new ScriptedServer((server.address() as AddressInfo).port, server);
    t.after(() => {
      for (const socket of scripted.#sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    });
    return scripted;
  }

  /** The next client that connects. */
  async client(): Promise<ScriptedTalk> {
    const [socket] = (await once(this.#sockets, 'connection')) as [WebSocket];
    return new ScriptedTalk(socket);
  }
}

/** One control connection. */
export class ScriptedTalk {
  readonly socket: WebSocket;
  readonly #heard: Buffer[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (bytes: Buffer) => {
      this.#heard.push(bytes);
      socket.emit('heard');
    });
  }

  say(type: string, fields: Readonly<Record<string, MsgpackValue>> = {}): void {
    this.socket.send(message(type, fields));
  }

  async next(): Promise<Readonly<Record<string, MsgpackRead>>> {
    while (this.#heard.length === 0) await once(this.socket, 'heard');
    const map = readMsgpack(this.#heard.shift()!) as ReadonlyMap<string, MsgpackRead>;
    return Object.fromEntries(map);
  }

  /** Lets a client in and gives it all that it asks for. */
  async accept(names: readonly string[]): Promise<this> {
    await this.next();
    this.say('HeartbeatAck', { version: 2 });
    for (const subdomain of names) {
      await this.next();
      this.say('TunnelCreated', { url: `http://${subdomain}.example.test`, subdomain });
    }
    return this;
  }
}
