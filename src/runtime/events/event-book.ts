// The last events of a running Sluice, for whoever looks back or follows. Rule: it holds no more than so many, and nobody who reads slowly
// holds up anything; what was too much to be kept is counted for whoever has missed it.
import type { TellLine } from '../../telemetry/application-log.ts';
import { sinceIn, type TailBatch, TailFollower } from '../tail-follower.ts';
import {
  EVENT_LEVELS,
  type EventFacts,
  type EventFilter,
  isEventKind,
  isWanted,
  type ProgramEvent,
} from './program-event.ts';

export const MOST_EVENTS = 5000;
/** Who follows is told of all that came meanwhile at once. */
const TELL_AFTER_MS = 100;
/** Of one line of the log: what is longer is in the log alone. */
const MOST_FIELD_CHARACTERS = 16 * 1024;

export interface EventFollower {
  resume(): void;
  leave(): void;
}

export class EventBook {
  readonly #kept: ProgramEvent[] = [];
  readonly #followers = new Set<TailFollower<ProgramEvent>>();
  readonly #now: () => number;
  #count = 0;
  #isTelling = false;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  note(facts: EventFacts): void {
    this.#count += 1;
    this.#kept.push({ ...facts, number: this.#count, atMs: this.#now() });
    if (this.#kept.length >= MOST_EVENTS * 2) this.#kept.splice(0, MOST_EVENTS);
    if (this.#followers.size === 0 || this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => this.#tell(), TELL_AFTER_MS).unref();
  }

  /** A line of the application log. */
  readonly noteLine: TellLine = ({ level, message, fields }) => {
    const known = EVENT_LEVELS.find((each) => each === level);
    if (known === undefined) return;
    const { event, ...rest } = fields;
    const kind = isEventKind(event) ? event : 'log';
    const isLong = JSON.stringify(rest).length > MOST_FIELD_CHARACTERS;
    this.note({ kind, level: known, message, fields: isLong ? { cut: true } : rest, isLogged: true });
  };

  /** The newest first. */
  recent(filter: EventFilter, most: number): ProgramEvent[] {
    const wanted = this.#kept.filter((event) => isWanted(event, filter));
    return wanted.slice(-most).toReversed();
  }

  /** From behind a number on; null: from now on. */
  follow(filter: EventFilter, after: number | null, take: (batch: TailBatch<ProgramEvent>) => boolean): EventFollower {
    const follower = new TailFollower<ProgramEvent>(after ?? this.#count, {
      since: (position) => sinceIn(this.#kept, this.#count, position),
      wants: (event) => isWanted(event, filter),
      take,
    });
    this.#followers.add(follower);
    follower.tell();
    return {
      resume: () => follower.resume(),
      leave: () => {
        follower.leave();
        this.#followers.delete(follower);
      },
    };
  }

  #tell(): void {
    this.#isTelling = false;
    for (const follower of this.#followers) follower.tell();
  }
}
