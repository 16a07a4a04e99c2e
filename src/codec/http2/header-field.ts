// One field of a header list, as HPACK keeps it: made once when it is read, and the same object whenever it is referred to again.
// Rule: what it is and whether it may stand in a request is found out when it is made, never when it is used.

/** What a field is to those who check a request. */
export const KIND = {
  OTHER: 0,
  METHOD: 1,
  SCHEME: 2,
  AUTHORITY: 3,
  PATH: 4,
  /** A pseudo-field that no request has. */
  STRANGE_PSEUDO: 5,
  HOST: 6,
  LENGTH: 7,
  TE: 8,
  /** It belongs to one connection of HTTP/1.1, or frames its messages. */
  OF_CONNECTION: 9,
} as const;

/** Counted for each field beside its octets (RFC 7541, 4.1). */
export const FIELD_OVERHEAD_BYTES = 32;

const KINDS: ReadonlyMap<string, number> = new Map([
  [':method', KIND.METHOD],
  [':scheme', KIND.SCHEME],
  [':authority', KIND.AUTHORITY],
  [':path', KIND.PATH],
  ['host', KIND.HOST],
  ['content-length', KIND.LENGTH],
  ['te', KIND.TE],
  ['connection', KIND.OF_CONNECTION],
  ['keep-alive', KIND.OF_CONNECTION],
  ['proxy-connection', KIND.OF_CONNECTION],
  ['transfer-encoding', KIND.OF_CONNECTION],
  ['upgrade', KIND.OF_CONNECTION],
]);

const COLON = 58;
/** A token in lower case. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** What would end a line, or what HTTP/1.1 would take away at the edges of a value. */
const NO_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

export class HeaderField {
  readonly name: string;
  readonly value: string;
  readonly size: number;
  readonly kind: number;
  /** Its name and value may stand in a message at all. */
  readonly isSound: boolean;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + FIELD_OVERHEAD_BYTES;
    const isPseudo = name.charCodeAt(0) === COLON;
    this.kind = KINDS.get(name) ?? (isPseudo ? KIND.STRANGE_PSEUDO : KIND.OTHER);
    this.isSound = (isPseudo || NAME.test(name)) && !NO_VALUE.test(value);
  }
}
