// How two nodes prove to each other that they have the same secret, before the first request or visitor on a connection between them. Rule: the secret
// is never said; what proves it holds for this connection alone, within TLS for its two ends, and for one of the two roles.
import { Buffer } from 'node:buffer';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type CloseReason, type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';

export interface HandshakeEvents {
  /**
   * The connection is nobody's, and paused; `rest` is what it has said behind the handshake.
   */
  agreed(connection: Connection, rest: Buffer, use: NodeUse): void;
  /** It has been closed. */
  failed(why: string): void;
}

/** What a connection between nodes is for: requests one after the other, or many visitors at once. */
export type NodeUse = 'requests' | 'link';

const GREETING = 'sluice-node 1 ';
const NONCE_BYTES = 16;
const LONGEST_LINE = 256;
const PATIENCE_MS = 5_000;
const LINE_END = 10;
const HELLO = /^sluice-node 1 ([0-9a-f]{32})$/;
const ANSWER = /^sluice-node 1 ([0-9a-f]{32}) ([0-9a-f]{64})$/;
const PROOF = /^([0-9a-f]{64})(?: (link))?$/;
const OTHER_SECRET = 'it does not have the same process.node.secret';

/** For a connection that another node has opened. */
export function receiveNode(connection: Connection, secret: string, events: HandshakeEvents): void {
  let nonces: readonly [string, string] | null = null;
  const lines = new Lines(connection, events, (line) => {
    if (nonces !== null) {
      const [, proof = '', link] = PROOF.exec(line) ?? [];
      lines.use = link === undefined ? 'requests' : 'link';
      return isSame(proof, proofOf(connection, secret, 'caller', nonces)) ? 'agreed' : OTHER_SECRET;
    }
    const [, theirs] = HELLO.exec(line) ?? [];
    if (theirs === undefined) return 'it does not speak as nodes do';
    nonces = [theirs, newNonce()];
    say(connection, `${GREETING}${nonces[1]} ${proofOf(connection, secret, 'called', nonces)}`);
    return 'goes on';
  });
  lines.begin();
}

/** For a connection to another node. */
export function greetNode(
  connection: Connection,
  secret: string,
  events: HandshakeEvents,
  use: NodeUse = 'requests',
): void {
  const ours = newNonce();
  const lines = new Lines(connection, events, (line) => {
    const [, theirs, proof] = ANSWER.exec(line) ?? [];
    if (theirs === undefined || proof === undefined) return 'it does not speak as nodes do';
    const nonces = [ours, theirs] as const;
    if (!isSame(proof, proofOf(connection, secret, 'called', nonces))) return OTHER_SECRET;
    const ourProof = proofOf(connection, secret, 'caller', nonces);
    say(connection, use === 'link' ? `${ourProof} link` : ourProof);
    return 'agreed';
  });
  lines.use = use;
  lines.begin();
  say(connection, `${GREETING}${ours}`);
}

function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString('hex');
}

function say(connection: Connection, line: string): void {
  const bytes = Buffer.from(`${line}\n`, 'latin1');
  connection.write(bytes, 0, bytes.length);
}

/** Whoever stands between two ends of TLS has other keys on either side, so that nothing that it passes on proves anything. */
function proofOf(
  connection: Connection,
  secret: string,
  role: 'caller' | 'called',
  [ours, theirs]: readonly [string, string],
): string {
  const keys = connection.keyingMaterial('EXPORTER-sluice-node', 32)?.toString('hex') ?? '';
  return createHmac('sha256', secret).update(`${GREETING}${role} ${ours} ${theirs} ${keys}`).digest('hex');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

class Lines implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #events: HandshakeEvents;
  /** What follows a line: `goes on`, `agreed`, or what is wrong. */
  readonly #take: (line: string) => string;
  readonly #deadline = new Deadline(() => this.#fail('it has said nothing in time'));
  use: NodeUse = 'requests';
  #line = '';
  #isOver = false;

  constructor(connection: Connection, events: HandshakeEvents, take: (line: string) => string) {
    this.#connection = connection;
    this.#events = events;
    this.#take = take;
  }

  begin(): void {
    this.#connection.handler = this;
    wheel.arm(this.#deadline, PATIENCE_MS);
    this.#connection.resume();
  }

  onData(bytes: Buffer, from: number, to: number): void {
    const found = bytes.subarray(from, to).indexOf(LINE_END);
    const end = found < 0 ? to : from + found;
    this.#line += bytes.toString('latin1', from, end);
    if (this.#line.length > LONGEST_LINE) this.#fail('it does not speak as nodes do');
    else if (found >= 0) this.#ended(bytes, end + 1, to);
  }

  #ended(bytes: Buffer, from: number, to: number): void {
    const next = this.#take(this.#line);
    this.#line = '';
    if (next === 'agreed') this.#agree(Buffer.from(bytes.subarray(from, to)));
    else if (next !== 'goes on') this.#fail(next);
    else if (from < to) this.onData(bytes, from, to);
  }

  #agree(rest: Buffer): void {
    this.#isOver = true;
    wheel.release(this.#deadline);
    this.#connection.pause();
    this.#connection.handler = NOBODY;
    this.#events.agreed(this.#connection, rest, this.use);
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    wheel.release(this.#deadline);
    this.#connection.destroy('refused');
    this.#events.failed(why);
  }

  onHalfClose(): void {
    this.#fail('it has closed the connection');
  }

  onDrain(): void {}

  onClose(_reason: CloseReason): void {
    this.#fail('it has closed the connection');
  }
}
