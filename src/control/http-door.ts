// A door of the control plane: node:http with limits and timeouts, which can be opened, drained and closed.
// Rule: it stands on node:http and not on our own codec, so that a fault in the data path never locks the operator out.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { formatAddress, parseAddress, type TcpAddress, type UnixAddress } from '../core/address.ts';
import { errorBody, ERROR_CATALOGUE, type ErrorCode } from '../core/errors.ts';
import type { Door, DoorName } from '../runtime/doors/door.ts';
import { type BoundServer, bindServer } from '../runtime/doors/bind-server.ts';
import { listenError } from '../runtime/doors/listen-error.ts';
import { newRequestId } from './request-id.ts';

// An import of node:http reads all its exports, and with them loads Node's fetch: 15 MB and 30 ms that nobody here needs.
const { createServer } = process.getBuiltinModule('node:http');

const MAX_CONNECTIONS = 256;
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 5_000;
/** A connection on which nothing moves for so long is cut, whoever is to blame. */
const SILENCE_TIMEOUT_MS = 60_000;

export interface HttpDoorOptions {
  readonly name: DoorName;
  /** The config key that asked for it, for the error when the address is taken. */
  readonly key: string;
  /** Where to listen, as the config has it: 127.0.0.1:8889, :8889, unix:/run/sluice.sock */
  readonly listen: string;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

export class HttpDoor implements Door {
  readonly name: DoorName;
  readonly #options: HttpDoorOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #answering = new Set<ServerResponse>();
  #address: TcpAddress | UnixAddress;
  #bound: BoundServer | null = null;

  constructor(options: HttpDoorOptions) {
    this.name = options.name;
    this.#options = options;
    this.#address = requireAddress(options.listen);
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEAD_BYTES,
        headersTimeout: HEAD_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: HEAD_TIMEOUT_MS / 2,
      },
      (request, response) => this.#serve(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.timeout = SILENCE_TIMEOUT_MS;
    this.#server.on('connection', (socket: Duplex) => this.#track(socket));
    this.#server.on('clientError', refuseUnreadable);
  }

  get address(): string {
    const { kind } = this.#address;
    return kind === 'unix' ? formatAddress(this.#address) : `http://${formatAddress(withHost(this.#address))}`;
  }

  async start(): Promise<void> {
    try {
      this.#bound = await bindServer(this.#server, this.#address);
    } catch (cause) {
      throw listenError(this.#options.key, this.#options.listen, cause);
    }
    if (this.#address.kind === 'tcp') this.#address = { ...this.#address, port: this.#bound.port };
  }

  drain(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    this.#bound?.release();
    for (const response of this.#answering) {
      if (!response.headersSent) response.setHeader('Connection', 'close');
    }
    return new Promise((resolve) => {
      // close() closes the connections that are idle; it reports a moment before its last socket does.
      this.#server.close(() => setImmediate(resolve));
    });
  }

  async close(): Promise<void> {
    const drained = this.drain();
    for (const socket of this.#sockets) socket.destroy();
    await drained;
  }

  openConnections(): number {
    return this.#sockets.size;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#answering.add(response);
    response.once('close', () => {
      this.#answering.delete(response);
      // An answer that had promised to keep its connection is over: nothing follows on it any more.
      if (!this.#server.listening) setImmediate(() => this.#server.closeIdleConnections());
    });
    this.#options.handler(request, response);
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

function requireAddress(listen: string): TcpAddress | UnixAddress {
  const address = parseAddress(listen, { host: '' });
  if (address.kind === 'invalid') throw new TypeError(`${listen} is not an address: ${address.reason}`);
  return address;
}

/** Every address of this machine needs a name that a URL can hold. */
function withHost(address: TcpAddress | UnixAddress): TcpAddress | UnixAddress {
  return address.kind === 'tcp' && address.host === '' ? { ...address, host: '0.0.0.0' } : address;
}

/** Bytes that node:http could not read as a request get the same shape of answer as everything else. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = unreadableCode(error.code);
  const { status, summary } = ERROR_CATALOGUE[code];
  const body = JSON.stringify(errorBody(code, summary, newRequestId()));
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
      `Connection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function unreadableCode(code: string | undefined): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'request_head_too_large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return 'request_invalid';
}
