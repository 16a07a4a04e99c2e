// Passes connections on, until a test says that nothing gets through any more, in either direction: as when a cable is pulled, nobody is told. Rule:
// what was held back goes on its way when the cable is in again.
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';

export class FreezingRelay {
  readonly port: number;
  readonly #sockets = new Set<net.Socket>();
  #isFrozen = false;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(t: TestContext, targetPort: number): Promise<FreezingRelay> {
    const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const relay = new FreezingRelay((server.address() as net.AddressInfo).port);
    server.on('connection', (client: net.Socket) => relay.#join(client, targetPort));
    t.after(() => {
      server.close();
      for (const socket of relay.#sockets) socket.destroy();
    });
    return relay;
  }

  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #join(client: net.Socket, targetPort: number): void {
    const target = net.connect({ port: targetPort, host: '127.0.0.1' });
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('end', () => to.end());
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isFrozen) from.pause();
      else from.resume();
    }
  }
}
