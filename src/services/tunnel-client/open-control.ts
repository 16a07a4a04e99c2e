// Opens the control connection to a tunnel server, up to the handshake of a WebSocket. Rule: exactly one of its events is told, or none after cancel().
import { Buffer } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';
import type { Head } from '../../codec/http1/head.ts';
import { METHOD } from '../../codec/http1/head.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import type { Connection } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { HttpLine } from './http-line.ts';
import { hostField, reachServer, type ServerWay, WHOLE_MS } from './reach-server.ts';

export interface ControlEvents {
  opened(connection: Connection, first: Buffer): void;
  /** `status`: of an answer that was no; 0: there was none. */
  failed(why: string, status: number): void;
}

const PATH = '/api/v1/ws/tunnel';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const SWITCHING = 101;
const NOTHING = Buffer.alloc(0);
const NO_OWNER = { free(): void {}, gone(): void {} };

/** Returns what ends it at once, without a word. */
export function openControl(way: ServerWay, events: ControlEvents): () => void {
  const opening = new Opening(way, events);
  return () => opening.cancel();
}

class Opening {
  readonly #way: ServerWay;
  readonly #events: ControlEvents;
  readonly #deadline = new Deadline(() => this.#fail('it did not answer in time', 0));
  #cancel: () => void = () => {};
  #over = false;

  constructor(way: ServerWay, events: ControlEvents) {
    this.#way = way;
    this.#events = events;
    wheel.arm(this.#deadline, WHOLE_MS);
    this.#cancel = reachServer(way, {
      reached: (connection) => this.#ask(connection),
      failed: (why) => this.#fail(why, 0),
    });
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    wheel.release(this.#deadline);
    this.#cancel();
  }

  #ask(connection: Connection): void {
    const { server } = this.#way;
    const key = randomBytes(16).toString('base64');
    const line = new HttpLine(connection, NO_OWNER);
    this.#cancel = () => connection.destroy('done');
    let isRight = false;
    line.begin(METHOD.GET, {
      head: (head) => {
        isRight = accepts(head, key);
        if (!isRight) this.#fail(`it answered ${head.status} ${head.reason()}`.trim(), head.status);
      },
      switched: (switched, first) => this.#succeed(switched, first, isRight),
      failed: (why) => this.#fail(why, 0),
      body: () => {},
      end: () => {},
      drain: () => {},
    });
    const out = new OutBuffer(1024);
    out.latin1(
      `GET ${PATH} HTTP/1.1\r\nHost: ${hostField(server)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nUser-Agent: sluice\r\n\r\n`,
    );
    line.flush(out);
    line.requestEnded();
  }

  #succeed(connection: Connection, first: Buffer, isRight: boolean): void {
    if (this.#over || !isRight) {
      connection.destroy('done');
      return;
    }
    this.#over = true;
    wheel.release(this.#deadline);
    connection.pause();
    this.#events.opened(connection, first.length === 0 ? NOTHING : first);
  }

  #fail(why: string, status: number): void {
    if (this.#over) return;
    this.#over = true;
    wheel.release(this.#deadline);
    this.#cancel();
    this.#events.failed(why, status);
  }
}

function accepts(head: Head, key: string): boolean {
  if (head.status !== SWITCHING) return false;
  const at = head.findName('sec-websocket-accept');
  return at !== -1 && head.value(at) === hash('sha1', `${key}${GUID}`, 'base64');
}
