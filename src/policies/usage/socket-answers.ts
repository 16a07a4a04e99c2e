// The answers that are said on one WebSocket of OpenAI, one after the other or at once. Rule: each is told of once, when it is over or the
// connection is; a connection that could not be read has at least one of which nobody knows what it has used.
import { PickedPaths, PickedValues } from '../../codec/json/picked-values.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import type { UsageOwner } from './counted-body.ts';
import type { InflatedSink } from './inflated-messages.ts';
import { UsageTally } from './usage-tally.ts';

const EVENT = new PickedPaths([
  'type',
  'response.id',
  'response.model',
  'response.usage',
  'rate_limits',
  'metered_limit_name',
]);

/** Told of what the server says of the limits of the account. */
export type NoteLimits = (limits: unknown) => void;
const LIMITS = 'codex.rate_limits';
/** There may be others, for some models alone. */
const LIMIT_OF_ACCOUNT = 'codex';

/** With these an answer is over. */
const ENDS: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.done',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
]);

/** One connection carries one after the other; what is more has been forgotten by the server. */
const MAX_OPEN = 32;
const MAX_REMEMBERED = 32;

export class SocketAnswers {
  private readonly owner: UsageOwner;
  private readonly tell: TellUsage;
  private readonly noteLimits: NoteLimits;
  /** By their ids. */
  private readonly open = new Map<string, UsageTally>();
  /** Those told of last: what comes of one of them later is nothing new. */
  private readonly told = new Set<string>();
  private isLost = false;
  private isClosed = false;

  constructor(owner: UsageOwner, tell: TellUsage, noteLimits: NoteLimits) {
    this.owner = owner;
    this.tell = tell;
    this.noteLimits = noteLimits;
  }

  /** Takes messages that come one after the other. */
  messages(): AnswerMessages {
    return new AnswerMessages(this);
  }

  note(event: PickedValues): void {
    if (event.get('type') === LIMITS) {
      const name = event.get('metered_limit_name') ?? LIMIT_OF_ACCOUNT;
      if (name === LIMIT_OF_ACCOUNT) this.noteLimits(event.get('rate_limits'));
      return;
    }
    const id = event.get('response.id');
    if (typeof id !== 'string' || this.told.has(id) || this.isClosed) return;
    const tally = this.open.get(id) ?? new UsageTally();
    tally.note(event.get('response.model'), event.get('response.usage'));
    this.open.set(id, tally);
    if (ENDS.has(event.get('type'))) this.finish(id, tally);
    else if (this.open.size > MAX_OPEN) this.finishOldest();
  }

  lost(): void {
    this.isLost = true;
  }

  close(): void {
    if (this.isClosed) return;
    if (this.isLost && this.open.size === 0) this.tellOf(new UsageTally());
    for (const [id, tally] of this.open) this.finish(id, tally);
    this.isClosed = true;
  }

  private finish(id: string, tally: UsageTally): void {
    this.open.delete(id);
    this.told.add(id);
    const [oldest] = this.told;
    if (oldest !== undefined && this.told.size > MAX_REMEMBERED) this.told.delete(oldest);
    this.tellOf(tally);
  }

  private finishOldest(): void {
    const [oldest] = this.open;
    if (oldest !== undefined) this.finish(...oldest);
  }

  private tellOf(tally: UsageTally): void {
    this.tell({ atMs: Date.now(), ...this.owner, ...tally.read() });
  }
}

export class AnswerMessages implements InflatedSink {
  private readonly answers: SocketAnswers;
  private readonly picked = new PickedValues(EVENT);

  constructor(answers: SocketAnswers) {
    this.answers = answers;
  }

  part(bytes: Uint8Array, from: number, to: number): void {
    this.picked.take(bytes, from, to);
  }

  end(): void {
    this.answers.note(this.picked);
    this.picked.reset();
  }

  lost(): void {
    this.answers.lost();
  }
}
