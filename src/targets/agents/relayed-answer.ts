// An answer that another node gives, as it comes. Rule: it goes at the pace of whoever reads it; a node that breaks off in the middle breaks the answer
// off, and one that says nothing has not answered.
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { SluiceError } from '../../core/errors.ts';
import {
  type NodeCall,
  type OpenCall,
  type ReplyEvents,
  type ReplyHead,
  unreachable,
} from '../../services/agents/node-call.ts';
import type { OtherAgents, Place } from '../../services/agents/other-agents.ts';

/** What of the head means something to clients. */
const PASSED = ['content-type', 'cache-control', 'x-accel-buffering', 'x-agent-id', 'x-batch-id'] as const;
const SPELLING: Readonly<Record<string, string>> = {
  'content-type': 'Content-Type',
  'cache-control': 'Cache-Control',
  'x-accel-buffering': 'X-Accel-Buffering',
  'x-agent-id': 'X-Agent-Id',
  'x-batch-id': 'X-Batch-Id',
};
const NO_CONTENT = 204;

export class RelayedAnswer implements Producer, ReplyEvents {
  readonly #exchange: Exchange;
  readonly #place: Place;
  #call: OpenCall | null = null;
  #isOver = false;
  #isEmpty = false;
  #hasBegun = false;

  constructor(exchange: Exchange, place: Place) {
    this.#exchange = exchange;
    this.#place = place;
  }

  /** Throws where the node cannot be asked. */
  begin(others: OtherAgents, call: NodeCall): void {
    this.#exchange.produce(this);
    this.#call = others.call(this.#place, call, this);
    if (this.#isOver) this.#call.cancel();
  }

  // -- From the node -----------------------------------------------------------------------------------------------

  head(head: ReplyHead): void {
    if (this.#isOver) return;
    this.#isEmpty = head.status === NO_CONTENT;
    if (this.#isEmpty) return;
    this.#hasBegun = true;
    const fields = PASSED.flatMap((name): [string, string][] => {
      const value = head.field(name);
      return value === undefined ? [] : [[SPELLING[name] ?? name, value]];
    });
    this.#exchange.respond({ status: head.status, fields }, -1);
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (!this.#isOver && !this.#exchange.write(bytes, from, to)) this.#call?.pause();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isEmpty) this.#exchange.answer({ status: NO_CONTENT });
    else this.#exchange.end();
  }

  failed(error: SluiceError, isReached: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange.abort(isReached || this.#hasBegun ? error : unreachable(this.#place.name));
  }

  // -- From the client ---------------------------------------------------------------------------------------------

  takeBody(): void {}

  takeEnd(): void {}

  resume(): void {
    this.#call?.resume();
  }

  cancel(): void {
    this.#isOver = true;
    this.#call?.cancel();
  }
}
