// What the admin API answers about what has happened, as types. Rule: names are those of the JSON; fields are added, never renamed.
import type { EventKind, EventLevel } from '../runtime/events/program-event.ts';

export interface EventAnswer {
  readonly number: number;
  readonly at: string;
  readonly kind: EventKind;
  readonly level: EventLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface EventsAnswer {
  readonly events: readonly EventAnswer[];
}

export interface EventBatchAnswer extends EventsAnswer {
  readonly missed: number;
}
