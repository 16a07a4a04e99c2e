// One coarse timer wheel per thread for every timeout of the data path, and the coarse clock that comes with it.
// Rule: a deadline never fires early and may fire a few ticks late; arming it again costs two writes and no clock read.

/** How far apart ticks are; also how stale the coarse clock may be. */
export const TICK_MS = 50;

/**
 * How far the wheel turns at once. Time in which the thread could not run is not held against anybody: after a stall
 * the deadlines that were armed just before or during it get the time they were promised.
 */
const MAX_TURN = 2;
/** Arming counts from the last tick seen, which may be MAX_TURN and a part of a tick behind the true time. */
const SLACK = MAX_TURN + 1;

const SLOTS = 512;
const SLOT_MASK = SLOTS - 1;

/** A timeout that belongs to something long-lived (a connection), made once and armed many times. */
export class Deadline {
  readonly onExpire: () => void;
  /** The tick at which it expires; 0 = disarmed. */
  expiresAt = 0;
  /** The tick at which the wheel looks at it next; 0 = the wheel doesn't hold it. Never later than expiresAt. */
  checkedAt = 0;
  previous: Deadline | null = null;
  next: Deadline | null = null;

  constructor(onExpire: () => void) {
    this.onExpire = onExpire;
  }

  get armed(): boolean {
    return this.expiresAt !== 0;
  }
}

export interface WheelClock {
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** Calls `tick` every TICK_MS without keeping the process alive, until the returned function is called. */
  start(tick: () => void): () => void;
}

const systemClock: WheelClock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  start(tick) {
    const interval = setInterval(tick, TICK_MS).unref();
    return () => clearInterval(interval);
  },
};

/**
 * A hashed wheel with lazy moves: arming a deadline that the wheel holds already only writes the new time. When its slot
 * comes up the wheel sees that it is not due, and puts it where it belongs. Disarming is one write as well; whoever is
 * done with a deadline for good calls release(), or the wheel keeps its owner in memory for up to one turn.
 */
export class TimerWheel {
  readonly #clock: WheelClock;
  readonly #slots: Deadline[] = [];
  /** What the current tick still has to look at; survives a callback that throws. */
  readonly #due = emptyList();
  #held = 0;
  /** Counts from 1 for ever; stands still while nothing is armed. */
  #tick = 1;
  /** When the current tick was due, on the monotonic clock. */
  #tickedAtMs = 0;
  #stop: (() => void) | null = null;
  #nowMs = 0;
  #wallMs = 0;
  #httpDate = '';
  #httpDateSecond = -1;
  readonly #onTick = (): void => this.#advance();

  constructor(clock: WheelClock = systemClock) {
    this.#clock = clock;
    for (let index = 0; index < SLOTS; index += 1) this.#slots.push(emptyList());
  }

  /** Has `deadline` fire once `ms` from now, whatever it was armed for before. */
  arm(deadline: Deadline, ms: number): void {
    if (this.#stop === null) this.#start();
    const at = this.#tick + SLACK + Math.ceil(ms / TICK_MS);
    deadline.expiresAt = at;
    if (deadline.checkedAt === 0) this.#hold(deadline);
    else if (at < deadline.checkedAt) {
      unlink(deadline);
      this.#place(deadline);
    }
  }

  disarm(deadline: Deadline): void {
    deadline.expiresAt = 0;
  }

  /** Disarms and lets go of the deadline at once: for the end of its owner. It may be armed again. */
  release(deadline: Deadline): void {
    deadline.expiresAt = 0;
    if (deadline.checkedAt === 0) return;
    unlink(deadline);
    this.#letGo(deadline);
    if (this.#held === 0) this.#halt();
  }

  /** Monotonic milliseconds, up to one tick old while anything is armed. */
  now(): number {
    return this.#stop === null ? this.#clock.monotonic() : this.#nowMs;
  }

  /** The value of a `Date` field for now: as RFC 9110 wants it, made at most once a second. */
  httpDate(): string {
    const wallMs = this.#stop === null ? this.#clock.wall() : this.#wallMs;
    const second = Math.floor(wallMs / 1000);
    if (second !== this.#httpDateSecond) {
      this.#httpDateSecond = second;
      this.#httpDate = new Date(wallMs).toUTCString();
    }
    return this.#httpDate;
  }

  /** How many deadlines the wheel holds, armed or not yet dropped: for leak tests. */
  get held(): number {
    return this.#held;
  }

  #start(): void {
    this.#readClocks();
    this.#tickedAtMs = this.#nowMs;
    this.#stop = this.#clock.start(this.#onTick);
  }

  #halt(): void {
    this.#stop?.();
    this.#stop = null;
  }

  #readClocks(): void {
    this.#nowMs = this.#clock.monotonic();
    this.#wallMs = this.#clock.wall();
  }

  #advance(): void {
    this.#readClocks();
    const passed = Math.floor((this.#nowMs - this.#tickedAtMs) / TICK_MS);
    const turn = Math.min(passed, MAX_TURN);
    this.#tickedAtMs = passed > MAX_TURN ? this.#nowMs : this.#tickedAtMs + turn * TICK_MS;
    for (let step = 0; step < turn; step += 1) {
      this.#tick += 1;
      moveAll(this.#slots[this.#tick & SLOT_MASK]!, this.#due);
    }
    for (let deadline = this.#due.next!; deadline !== this.#due; deadline = this.#due.next!) {
      unlink(deadline);
      if (deadline.expiresAt > this.#tick) this.#place(deadline);
      else this.#expire(deadline);
    }
    if (this.#held === 0) this.#halt();
  }

  #expire(deadline: Deadline): void {
    const armed = deadline.expiresAt !== 0;
    deadline.expiresAt = 0;
    this.#letGo(deadline);
    if (armed) deadline.onExpire();
  }

  #hold(deadline: Deadline): void {
    this.#held += 1;
    this.#place(deadline);
  }

  #letGo(deadline: Deadline): void {
    deadline.checkedAt = 0;
    this.#held -= 1;
  }

  #place(deadline: Deadline): void {
    const checkedAt = Math.min(deadline.expiresAt, this.#tick + SLOTS - 1);
    deadline.checkedAt = checkedAt;
    const list = this.#slots[checkedAt & SLOT_MASK]!;
    const last = list.previous!;
    deadline.previous = last;
    deadline.next = list;
    last.next = deadline;
    list.previous = deadline;
  }
}

function emptyList(): Deadline {
  const list = new Deadline(() => {});
  list.previous = list;
  list.next = list;
  return list;
}

function unlink(deadline: Deadline): void {
  deadline.previous!.next = deadline.next;
  deadline.next!.previous = deadline.previous;
  deadline.previous = null;
  deadline.next = null;
}

function moveAll(from: Deadline, to: Deadline): void {
  if (from.next === from) return;
  const first = from.next!;
  const last = from.previous!;
  first.previous = to.previous;
  to.previous!.next = first;
  last.next = to;
  to.previous = last;
  from.next = from;
  from.previous = from;
}

/** This thread's wheel. */
export const wheel: TimerWheel = new TimerWheel();
