// Holds what a command says against what its page shows. Rule: words, codes, ports and lines of files are those of the page; `…` stands
// for anything, a line of it for any lines; what cannot be the same twice (times, durations, sizes, versions) has to have the same shape.

/** In the order in which they are tried; what fits none of them is itself. */
const SHAPES: readonly (readonly [shown: RegExp, real: string])[] = [
  [/…/, '.*?'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/, '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z'],
  [/\d\d:\d\d:\d\d/, '\\d\\d:\\d\\d:\\d\\d'],
  [/\b[0-9a-f]{12}\b/, '[0-9a-f]{12}'],
  [/\d+\.\d+\.\d+\.\d+/, ''],
  [/\d+\.\d+\.\d+/, '\\d+\\.\\d+\\.\\d+'],
  [/(?:\d+[dhms] ?)+\b/, '[\\d.]+ ?(?:ms|[dhms])(?: \\d+[dhms])*'],
  [/\d+(?:\.\d+)?(?= (?:ms|s|bytes|B|KiB|MiB|GiB|requests?)\b)/, '\\d+(?:\\.\\d+)?'],
  [
    /(?<=_(?:ms|bytes|usd|rate|sent|received)":|"(?:pid|sequence|bytes|total_requests)":)\d+(?:\.\d+)?/,
    '(?:[\\d.]+|null)',
  ],
  [/\s+/, '\\s+'],
];
const TOKENS = new RegExp(SHAPES.map(([shown], index) => `(?<s${index}>${shown.source})`).join('|'), 'g');
/** Colours are for terminals. */
const COLOUR = /\u001B\[[\d;]*m/g;

export function fitsShown(shown: string, output: string): boolean {
  return new RegExp(`^\\s*${patternOf(shown)}\\s*$`).test(output.replaceAll(COLOUR, ''));
}

/** Of a server, which goes on to say more. */
export function includesShown(shown: string, output: string): boolean {
  return new RegExp(patternOf(shown)).test(output.replaceAll(COLOUR, ''));
}

function patternOf(shown: string): string {
  const lines = shown.split('\n').map((line) => (line.trim() === '…' ? '[^]*?' : lineOf(line.trim())));
  return lines.join('\\s*');
}

function lineOf(line: string): string {
  let pattern = '';
  let done = 0;
  for (const match of line.matchAll(TOKENS)) {
    const index = SHAPES.findIndex((_, at) => match.groups?.[`s${at}`] !== undefined);
    const [, real = ''] = SHAPES[index] ?? [];
    pattern += RegExp.escape(line.slice(done, match.index)) + (real === '' ? RegExp.escape(match[0]) : real);
    done = match.index + match[0].length;
  }
  return pattern + RegExp.escape(line.slice(done));
}
