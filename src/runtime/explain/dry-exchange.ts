// An exchange that goes nowhere: policies see the request and may answer it, which is written down instead of sent. Rule: whatever
// only a target may do is refused, for a dry run has none.
import type { Answer, ClientView, EarlyBytes, Exchange, RequestView, ResponseView } from '../../contract/exchange.ts';
import type { KeptSource, ReadyAnswer } from '../../contract/kept-answer.ts';
import { ERROR_CATALOGUE, type ErrorCode, SluiceError } from '../../core/errors.ts';
import { ResponseState } from '../../engine/response-state.ts';

export interface DryAnswer {
  readonly status: number;
  /** null: it is no error. */
  readonly code: ErrorCode | null;
  readonly message: string;
}

export class DryExchange implements Exchange {
  readonly id = 'dry-run';
  readonly route = '';
  readonly startedAtMs: number = performance.now();
  readonly door: string;
  readonly client: ClientView;
  readonly request: RequestView;
  readonly response: ResponseView = new ResponseState();
  user = '';
  session = '';
  sessionTtlMs = 0;
  exit = '';
  trail = '';
  ticket = 0;
  /** What would have been sent; null: nobody has answered. */
  answered: DryAnswer | null = null;

  constructor(door: string, client: Pick<ClientView, 'address' | 'localPort'>, request: RequestView) {
    this.door = door;
    this.client = { ...client, port: 0, secure: false, serverName: '' };
    this.request = request;
  }

  /** Nothing has been sent, so nothing can have failed. */
  readonly errorCode = null;

  askAgain(): never {
    return refuse();
  }

  giveReady({ status }: ReadyAnswer): void {
    this.answer({ status });
  }

  give(answer: Answer): void {
    this.answer(answer);
  }

  giveFrom(answer: Omit<Answer, 'body'>, _length: number, source: KeptSource): void {
    source.cancel();
    this.answer(answer);
  }

  answer({ status }: Answer): void {
    this.answered ??= { status, code: null, message: '' };
  }

  fail(code: ErrorCode, message?: string): void {
    const { status, summary } = ERROR_CATALOGUE[code];
    this.answered ??= { status, code, message: message ?? summary };
  }

  aside(): never {
    return refuse();
  }

  switchTo(): never {
    return refuse();
  }

  /** Nobody has sent one. */
  readBody(): Promise<EarlyBytes> {
    return Promise.resolve({ bytes: new Uint8Array(0), isWhole: true });
  }

  produce(): void {
    refuse();
  }

  respond(): void {
    refuse();
  }

  write(): boolean {
    return refuse();
  }

  inform(): void {
    refuse();
  }

  end(): void {
    refuse();
  }

  abort(error: SluiceError): void {
    this.fail(error.code, error.message);
  }

  pauseRequest(): void {}

  resumeRequest(): void {}

  readonly requestTrailers: null = null;
}

function refuse(): never {
  throw new SluiceError('internal', { message: 'a dry run has no target' });
}
