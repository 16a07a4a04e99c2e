// How a stored answer is written down in shared memory: a slot of numbers. Rule: links between slots are their number plus one, so
// that fresh memory, which is full of zeros, says that there is nothing.

export const SLOT_INTS = 32;

export const SLOT: Readonly<
  Record<
    | 'STATE'
    | 'GENERATION'
    | 'HASH'
    | 'HASH_TWO'
    | 'BUCKET_NEXT'
    | 'VARIANT'
    | 'PINS'
    | 'HEAD_FIRST'
    | 'KEY_LENGTH'
    | 'META_LENGTH'
    | 'LINES_LENGTH'
    | 'BODY_FIRST'
    | 'BODY_LAST'
    | 'BODY_LOW'
    | 'BODY_HIGH'
    | 'UNITS'
    | 'QUEUE'
    | 'QUEUE_NEXT'
    | 'QUEUE_BEFORE'
    | 'ASKED'
    | 'HOST'
    | 'HOST_NEXT'
    | 'HOST_BEFORE'
    | 'URL'
    | 'URL_NEXT'
    | 'URL_BEFORE'
    | 'TAGS'
    | 'FLAGS'
    | 'ROUTE'
    | 'SERIAL'
    | 'FILE'
    | 'ENCODING',
    number
  >
> = {
  STATE: 0,
  /** Changes whenever the slot gets another content. */
  GENERATION: 1,
  HASH: 2,
  HASH_TWO: 3,
  BUCKET_NEXT: 4,
  /** What tells the variants of a key apart. */
  VARIANT: 5,
  /** How many read its body. While they do it is not given back. */
  PINS: 6,
  HEAD_FIRST: 7,
  /** The lower half: of the key; the upper: of the URL in it, 0: it is not there or cannot be found by bytes. */
  KEY_LENGTH: 8,
  META_LENGTH: 9,
  LINES_LENGTH: 10,
  BODY_FIRST: 11,
  BODY_LAST: 12,
  /** In two: the lower 30 bits, and the rest. */
  BODY_LOW: 13,
  BODY_HIGH: 14,
  UNITS: 15,
  QUEUE: 16,
  QUEUE_NEXT: 17,
  QUEUE_BEFORE: 18,
  /** How often it was asked for since it was last looked at, 3 at the most. */
  ASKED: 19,
  HOST: 20,
  HOST_NEXT: 21,
  HOST_BEFORE: 22,
  URL: 23,
  URL_NEXT: 24,
  URL_BEFORE: 25,
  /** The chain of its tags. */
  TAGS: 26,
  FLAGS: 27,
  ROUTE: 28,
  /** In the order in which they came. */
  SERIAL: 29,
  /** The file that has its body, if there is one. */
  FILE: 30,
  ENCODING: 31,
};

export const STATE: Readonly<Record<'FREE' | 'FILLING' | 'WHOLE' | 'DROPPED', number>> = {
  FREE: 0,
  /** Being filled; nobody finds it. */
  FILLING: 1,
  WHOLE: 2,
  /** Dropped; given back when nobody reads it any more. */
  DROPPED: 3,
};

/** Purged softly; the body is complete; the body will never be; it lies in a file and not here; it is on its way into one. */
export const SLOT_FLAG: Readonly<Record<'SOFT' | 'ENDED' | 'TORN' | 'ON_DISK' | 'SPOOLED', number>> = {
  SOFT: 1,
  ENDED: 2,
  TORN: 4,
  ON_DISK: 8,
  SPOOLED: 16,
};

export const QUEUE: Readonly<Record<'NONE' | 'SMALL' | 'MAIN' | 'DISK', number>> = {
  NONE: 0,
  SMALL: 1,
  MAIN: 2,
  DISK: 3,
};
