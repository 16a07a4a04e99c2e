// A connection that a client has asked for, while it is being opened: CONNECT and SOCKS. Rule: the client hears of it when it
// stands and not before; a client that goes away in the meantime ends the opening with everything that belongs to it.
import type { Producer } from '../contract/exchange.ts';
import type { Cancellable, ForwardTarget, TunnelEvents } from '../contract/target.ts';
import type { SluiceError } from '../core/errors.ts';
import type { Connection } from '../transport/connection.ts';
import type { HttpExchange } from './exchange.ts';

export class Tunnel implements Producer, TunnelEvents {
  private readonly exchange: HttpExchange;
  private opening: Cancellable | null = null;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
  }

  /** The target takes tunnels. */
  open(target: ForwardTarget): void {
    this.exchange.attempts.trace?.dialBegins();
    this.opening = target.connect!(this.exchange, this);
    this.exchange.produce(this);
  }

  // -- What the target says ------------------------------------------------------------------------------------------

  connected(connection: Connection, first: Buffer): void {
    this.opening = null;
    this.exchange.attempts.trace?.dialEnded(null);
    this.exchange.joinTunnel(connection, first);
  }

  failed(error: SluiceError): void {
    this.opening = null;
    this.exchange.attempts.trace?.dialEnded(error.code);
    this.exchange.giveUp(error);
    this.exchange.engine.outbound.flush();
  }

  // -- What the exchange says ----------------------------------------------------------------------------------------

  /** A request for a tunnel has no body; what the client sends early waits until there is somebody to read it. */
  takeBody(): void {}

  takeEnd(): void {}

  resume(): void {}

  cancel(): void {
    this.opening?.cancel();
    this.opening = null;
    this.exchange.attempts.trace?.dialEnded(this.exchange.errorCode);
  }
}
