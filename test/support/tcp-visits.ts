// Visitors of TCP tunnels. Rule: what a visitor has heard and how it ended is there to be asked for; nothing is guessed by time.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';

export interface TcpVisitPlace {
  readonly host?: string;
  /** Where they come from. */
  readonly localAddress?: string;
}

export class TcpVisit {
  readonly socket: net.Socket;
  heard = '';
  /** The other side has said all that it will. */
  hasEnd = false;
  error: string | null = null;
  #wake: () => void = () => {};

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.heard += bytes.toString('latin1');
      this.#wake();
    });
    socket.on('end', () => {
      this.hasEnd = true;
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    socket.on('close', () => this.#wake());
  }

  static async open(t: TestContext, port: number, where: TcpVisitPlace = {}): Promise<TcpVisit> {
    const visit = TcpVisit.begin(t, port, where);
    await once(visit.socket, 'connect');
    return visit;
  }

  /** Somebody who may be cut at once. */
  static begin(t: TestContext, port: number, where: TcpVisitPlace = {}): TcpVisit {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...where });
    t.after(() => socket.destroy());
    return new TcpVisit(socket);
  }

  async until(text: string): Promise<void> {
    while (!this.heard.includes(text)) {
      assert.ok(!this.socket.closed, `it ended before "${text}": ${this.heard} ${this.error}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async end(): Promise<void> {
    while (!this.hasEnd && !this.socket.closed) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async closed(): Promise<void> {
    while (!this.socket.closed) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

export async function refusedPort(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = net.connect(port, host);
  try {
    await once(socket, 'connect');
    socket.destroy();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  }
}
