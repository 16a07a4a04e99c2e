// Policy `capture`: keeps the heads and the beginnings of the bodies of what passes, for whoever runs Sluice to look into and to send again.
// Rule: it stands only where the configuration asks for it, before all others, so that it sees what the client sees; credentials are
// masked before they are kept unless the configuration wants them, those of answers always.
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import { redactHeader } from '../../core/redact.ts';
import { isSecretHeader } from '../../core/secret-names.ts';
import type { CapturedFields, CaptureShelf } from '../../telemetry/capture-shelf.ts';
import { CopiedBody } from './copied-body.ts';

export interface CaptureOptions {
  readonly shelf: CaptureShelf;
  /** Of each body; null: none of it. */
  readonly bodyBytes: number | null;
  readonly keepsCredentials: boolean;
}

/** One exchange on its way. */
interface Turn {
  readonly fields: CapturedFields;
  readonly hidden: readonly string[];
  body: CopiedBody | null;
  answerBody: CopiedBody | null;
}

export function capture(options: CaptureOptions): Policy {
  const { bodyBytes } = options;
  const captured = new Captured(options);
  const heads: Policy = {
    name: 'capture',
    request: (exchange) => captured.begin(exchange),
    done: (exchange) => captured.end(exchange),
  };
  if (bodyBytes === null) return heads;
  return {
    ...heads,
    requestBody: (exchange, sink) => captured.requestBody(exchange, sink, bodyBytes),
    responseBody: (exchange, sink) => captured.responseBody(exchange, sink, bodyBytes),
  };
}

class Captured {
  private readonly options: CaptureOptions;
  private readonly turns = new WeakMap<Exchange, Turn>();

  constructor(options: CaptureOptions) {
    this.options = options;
  }

  begin(exchange: Exchange): void {
    const fields = exchange.request.fields.entries();
    const hidden = this.options.keepsCredentials
      ? []
      : fields.map(([name]) => name.toLowerCase()).filter((name) => isSecretHeader(name));
    const kept = fields.map(([name, value]): [string, string] => {
      return [name, this.options.keepsCredentials ? value : masked(name, value)];
    });
    this.turns.set(exchange, { fields: kept, hidden: [...new Set(hidden)], body: null, answerBody: null });
  }

  requestBody(exchange: Exchange, sink: BodySink, most: number): BodyTransform | null {
    const turn = this.turns.get(exchange);
    return turn === undefined ? null : (turn.body = new CopiedBody(sink, most));
  }

  responseBody(exchange: Exchange, sink: BodySink, most: number): BodyTransform | null {
    const turn = this.turns.get(exchange);
    return turn === undefined ? null : (turn.answerBody = new CopiedBody(sink, most));
  }

  end(exchange: Exchange): void {
    const turn = this.turns.get(exchange);
    if (turn === undefined) return;
    this.turns.delete(exchange);
    const { fields, hidden, body, answerBody } = turn;
    this.options.shelf.put({
      id: exchange.id,
      fields,
      hidden,
      body: body?.captured() ?? null,
      answerFields: exchange.response.fields.entries().map(([name, value]) => [name, masked(name, value)]),
      answerBody: answerBody?.captured() ?? null,
      keepsCredentials: this.options.keepsCredentials,
      keepsBodies: this.options.bodyBytes !== null,
    });
  }
}

function masked(name: string, value: string): string {
  return isSecretHeader(name) ? redactHeader(name, value) : value;
}
