// Reads Proxy-Authenticate: a list of challenges over several fields, each a scheme with a token or with parameters, all
// parted by the same commas (RFC 9110, 11.6.1). Rule: what is malformed is passed over; a challenge that is not understood
// is one that is not met.

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** What NTLM and its kin carry instead of parameters. */
  readonly token: string | null;
  /** Names in lower case; values without their quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

const SEPARATORS = /[\s,]*/y;
const PARAMETER = /([!#$%&'*+\-.^_`|~\w]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;
const SCHEME = /[!#$%&'*+\-.^_`|~\w]+(?=[ \t]|,|$)/y;
const TOKEN = /[ \t]+([\w\-.~+/]+=*)(?=[ \t]*(?:,|$))/y;
const REST = /[^,]*/y;

export function parseChallenges(values: readonly string[]): Challenge[] {
  const found: (Challenge & { readonly parameters: Map<string, string> })[] = [];
  for (const value of values) {
    let at = 0;
    const read = (pattern: RegExp): RegExpExecArray | null => {
      pattern.lastIndex = at;
      const match = pattern.exec(value);
      if (match !== null) at = pattern.lastIndex;
      return match;
    };
    // A parameter belongs to a challenge of its own field.
    const before = found.length;
    for (read(SEPARATORS); at < value.length; read(SEPARATORS)) {
      const parameter = found.length > before ? read(PARAMETER) : null;
      if (parameter !== null) {
        found.at(-1)?.parameters.set((parameter[1] ?? '').toLowerCase(), parameterValue(parameter));
        continue;
      }
      const scheme = read(SCHEME)?.[0].toLowerCase();
      if (scheme === undefined) read(REST);
      else found.push({ scheme, token: read(TOKEN)?.[1] ?? null, parameters: new Map() });
    }
  }
  return found;
}

function parameterValue([, , quoted, bare]: RegExpExecArray): string {
  return quoted === undefined ? (bare ?? '') : quoted.replaceAll(/\\(.)/g, '$1');
}
