// Which octets may stand where in HTTP/1.1 (RFC 9110, RFC 9112), as tables of 256 entries.
// Rule: a table answers one question with one load; 0 means "not allowed here".

export const HTAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const COMMA = 44;
export const COLON = 58;
export const SEMICOLON = 59;

function table(allowed: (octet: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => allowed(octet));
}

function allOf(characters: string): (octet: number) => boolean {
  const octets = new Set(Array.from(characters, (character) => character.charCodeAt(0)));
  return (octet) => octets.has(octet);
}

const isDigit = (octet: number): boolean => octet >= 48 && octet <= 57;
const isUpper = (octet: number): boolean => octet >= 65 && octet <= 90;
const isLower = (octet: number): boolean => octet >= 97 && octet <= 122;
const isAlphanumeric = (octet: number): boolean => isDigit(octet) || isUpper(octet) || isLower(octet);
const isTokenMark = allOf("!#$%&'*+-.^_`|~");
// The sub-delims of RFC 3986 without the comma: in a Host field it would look like a list.
const isHostMark = allOf("-._~!$&'()*+;=");

/** tchar → itself in lower case: tells a token apart and compares names case-blind in the same load. */
export const TOKEN: Uint8Array = table((octet) => {
  if (isUpper(octet)) return octet + 32;
  return isAlphanumeric(octet) || isTokenMark(octet) ? octet : 0;
});

/** What a request target may consist of: visible ASCII without `#`, for a fragment is never sent. */
export const TARGET: Uint8Array = table((octet) => (octet > SP && octet < 127 && octet !== 35 ? 1 : 0));

/** What a field value, a reason phrase and a chunk extension may consist of: HTAB, SP, visible ASCII, obs-text. */
export const VALUE: Uint8Array = table((octet) => (octet === HTAB || (octet >= SP && octet !== 127) ? 1 : 0));

/** A character of a registered name, `%` of a percent-encoding aside. */
export const HOST: Uint8Array = table((octet) => (isAlphanumeric(octet) || isHostMark(octet) ? 1 : 0));

/** HEXDIG → its value plus one. */
export const HEX: Uint8Array = table((octet) => {
  if (isDigit(octet)) return octet - 47;
  const lower = octet | 32;
  return lower >= 97 && lower <= 102 ? lower - 86 : 0;
});
