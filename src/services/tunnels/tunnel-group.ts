// Several clients of one account behind one name, and which of them a visitor comes to. Rule: a request goes to another client only when the
// first has gone before it answered, and nothing was asked that may not be asked twice, or when it says that its local server has heard nothing.
import type { Buffer } from 'node:buffer';
import type { AnswerHead, StreamOpenFields, WsType } from '../../codec/tunnel/messages.ts';
import { Group } from '../balance/group.ts';
import type { StrategyName } from '../balance/group-rules.ts';
import type { Outcome } from '../balance/outcome.ts';
import type { Member } from '../balance/member.ts';
import type { MemberTable } from '../balance/member-table.ts';
import type { AccountMeter } from './account-meter.ts';
import type { LinkStream, TunnelLink, VisitLink } from './tunnel-link.ts';
import type { SentPart, StreamEvents, StreamFailure, StreamTrailers } from './tunnel-stream.ts';

export interface TunnelGroupOptions {
  readonly name: string;
  readonly table: MemberTable;
  readonly strategy: StrategyName;
}

type Request = Omit<StreamOpenFields, 'streamId'>;

const BREAKER = { failures: 5, successes: 1, openForMs: 5_000 };
/** The client has counted already. */
const AT_ONCE = { unhealthyAfter: 1, healthyAfter: 1 };
/** Asking them again does no harm (RFC 9110, 9.2.2). */
export const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

let lastMember = 0;

export class TunnelGroup {
  readonly #links = new Map<TunnelLink, string>();
  readonly #group: Group<TunnelLink>;
  readonly #unfit = new Set<TunnelLink>();
  readonly #isSticky: boolean;

  constructor({ name, table, strategy }: TunnelGroupOptions) {
    this.#isSticky = strategy === 'sticky_hash';
    const options = { strategy, breaker: BREAKER, whenAllOut: 'least_bad' } as const;
    this.#group = new Group<TunnelLink>({ name: `tunnel ${name}`, table, members: [], options });
  }

  get size(): number {
    return this.#links.size;
  }

  /** How many are not known to be unfit. */
  get fit(): number {
    return this.#links.size - this.#unfit.size;
  }

  /** A visitor comes to the same client each time. */
  get isSticky(): boolean {
    return this.#isSticky;
  }

  /** In the order in which they have come. */
  links(): TunnelLink[] {
    return [...this.#links.keys()];
  }

  add(link: TunnelLink): void {
    if (this.#links.has(link)) return;
    lastMember += 1;
    this.#links.set(link, String(lastMember));
    this.#update();
  }

  remove(link: TunnelLink): void {
    this.#unfit.delete(link);
    if (this.#links.delete(link)) this.#update();
  }

  /** One whose local server is not fit for visitors gets none while another is, and comes back as soon as it says so. */
  setHealth(link: TunnelLink, isHealthy: boolean): void {
    const member = this.#group.find(this.#links.get(link) ?? '');
    if (isHealthy || member === null) this.#unfit.delete(link);
    else this.#unfit.add(link);
    // What its failures have closed is open again, too: the client knows better.
    if (isHealthy) member?.forgive();
    else member?.check({ passed: false, reason: 'tunnel_unhealthy' }, AT_ONCE);
  }

  /** For one request; `visitor` is whoever asks. null: there is nobody. */
  visit(visitor: string): VisitLink | null {
    const ask = { key: this.#isSticky ? visitor : null, exclude: new Set<Member<TunnelLink>>() };
    const first = this.#group.pick(ask);
    return first === null ? null : new GroupVisit(this.#group, first, ask);
  }

  #update(): void {
    this.#group.update([...this.#links].map(([data, id]) => ({ id, data })));
  }
}

interface GroupAsk {
  readonly key: string | null;
  /** Those that were tried. */
  readonly exclude: Set<Member<TunnelLink>>;
}

/** The client that was picked, as one request sees it. */
class GroupVisit implements VisitLink {
  readonly #group: Group<TunnelLink>;
  readonly #member: Member<TunnelLink>;
  readonly #ask: GroupAsk;

  constructor(group: Group<TunnelLink>, member: Member<TunnelLink>, ask: GroupAsk) {
    this.#group = group;
    this.#member = member;
    this.#ask = ask;
  }

  get meter(): AccountMeter | null {
    return this.#member.data.meter;
  }

  get isOpen(): boolean {
    return this.#member.data.isOpen;
  }

  get version(): number {
    return this.#member.data.version;
  }

  get maxBodyBytes(): number {
    return this.#member.data.maxBodyBytes;
  }

  get needsWholeBodies(): boolean {
    return this.#member.data.needsWholeBodies;
  }

  get takesWebSockets(): boolean {
    return this.#member.data.takesWebSockets;
  }

  get passesExpectations(): boolean {
    return this.#member.data.passesExpectations === true;
  }

  basicAuthOf(name: string): string | null {
    return this.#member.data.basicAuthOf(name);
  }

  open(request: Request, body: Buffer | null, events: StreamEvents): LinkStream | null {
    const stream = new GroupStream(this.#group, this.#ask, { request, body, events });
    return stream.begin(this.#member) ? stream : null;
  }
}

interface GroupWork {
  readonly request: Request;
  readonly body: Buffer | null;
  readonly events: StreamEvents;
}

class GroupStream implements LinkStream, StreamEvents {
  readonly #group: Group<TunnelLink>;
  readonly #ask: GroupAsk;
  readonly #work: GroupWork;
  #member: Member<TunnelLink> | null = null;
  #ticket = 0;
  #stream: LinkStream | null = null;
  #startedAtMs = 0;
  #isJudged = false;
  /** An answer has begun, or the visitor has said more than the head. */
  #isCommitted = false;

  constructor(group: Group<TunnelLink>, ask: GroupAsk, work: GroupWork) {
    this.#group = group;
    this.#ask = ask;
    this.#work = work;
  }

  /** False: nobody takes it. Who speaks otherwise than the first is not asked, for the request is made ready for that one. */
  begin(first: Member<TunnelLink>): boolean {
    const { request, body } = this.#work;
    const { version } = first.data;
    let member: Member<TunnelLink> | null = first;
    for (; member !== null; member = this.#group.pick(this.#ask)) {
      this.#ask.exclude.add(member);
      if (member.data.version !== version) continue;
      this.#member = member;
      this.#ticket = member.begin();
      this.#isJudged = false;
      this.#startedAtMs = performance.now();
      this.#stream = member.data.open(request, body, this);
      if (this.#stream !== null) return true;
      this.#leave();
    }
    return false;
  }

  // -- From the client -------------------------------------------------------------------------------------------------

  head(head: AnswerHead): void {
    if (head.isUnserved === true && this.#askAnother()) return;
    this.#isCommitted = true;
    this.#judge({ kind: 'success', latencyMs: performance.now() - this.#startedAtMs });
    this.#work.events.head(head);
  }

  /** The app has heard nothing: what has no body may be asked of another, whatever it is. False: the answer counts. */
  #askAnother(): boolean {
    const [member, stream] = [this.#member, this.#stream];
    if (member === null || this.#isCommitted) return false;
    this.#judge({ kind: 'failure', reason: 'tunnel_unhealthy' });
    const next = this.#work.request.hasBody ? null : this.#nextLike(member);
    if (next === null) return false;
    this.#leave();
    if (this.begin(next)) {
      stream?.close();
      return true;
    }
    this.#stream = stream;
    return false;
  }

  interim(head: AnswerHead): void {
    this.#isCommitted = true;
    this.#work.events.interim?.(head);
  }

  data(bytes: Buffer, wsType: WsType | null, isLast: boolean): boolean {
    this.#isCommitted = true;
    return this.#work.events.data(bytes, wsType, isLast);
  }

  ended(code: number | null, reason: string): void {
    this.#leave();
    this.#work.events.ended(code, reason);
  }

  halfEnded(trailers: StreamTrailers): void {
    this.#work.events.halfEnded?.(trailers);
  }

  failed(how: StreamFailure, why: string): void {
    const member = this.#member;
    if (!this.#isCommitted && how !== 'slow') this.#judge({ kind: 'failure', reason: 'tunnel_failed' });
    this.#leave();
    const { request } = this.#work;
    const maySayAgain = how === 'gone' && !this.#isCommitted && !request.hasBody && REPEATABLE.has(request.method);
    const next = maySayAgain && member !== null ? this.#nextLike(member) : null;
    if (next === null || !this.begin(next)) this.#work.events.failed(how, why);
  }

  drain(): void {
    this.#work.events.drain();
  }

  // -- From the visitor ------------------------------------------------------------------------------------------------

  send(bytes: Buffer, part: SentPart): boolean {
    this.#isCommitted = true;
    return this.#stream?.send(bytes, part) ?? true;
  }

  resume(): void {
    this.#stream?.resume();
  }

  endHalf(trailers?: StreamTrailers): void {
    this.#stream?.endHalf?.(trailers);
  }

  finish(code: number | null, reason: string): void {
    this.#leave();
    if (this.#stream?.finish === undefined) this.#stream?.close(code, reason);
    else this.#stream.finish(code, reason);
  }

  close(code?: number | null, reason?: string): void {
    this.#leave();
    this.#stream?.close(code, reason);
  }

  reset(reason: string): void {
    this.#leave();
    this.#stream?.reset(reason);
  }

  #nextLike({ data: { version } }: Member<TunnelLink>): Member<TunnelLink> | null {
    for (;;) {
      const member = this.#group.pick(this.#ask);
      if (member === null || member.data.version === version) return member;
      this.#ask.exclude.add(member);
    }
  }

  #judge(outcome: Outcome): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    this.#member?.judge(this.#ticket, outcome);
  }

  /** Once for each that was asked. */
  #leave(): void {
    this.#judge({ kind: 'neutral' });
    this.#member?.release();
    this.#member = null;
  }
}
