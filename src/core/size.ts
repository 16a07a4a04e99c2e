// Sizes as people write them: 16KiB, 10MB, 4096. Rule: inside the program a size is a whole number of bytes; KB, MB, GB
// and TB count in thousands, KiB, MiB, GiB and TiB in 1024s, and a number without a unit is bytes.

const UNIT_BYTES: readonly (readonly [unit: string, bytes: number])[] = [
  ['TiB', 1024 ** 4],
  ['TB', 1000 ** 4],
  ['GiB', 1024 ** 3],
  ['GB', 1000 ** 3],
  ['MiB', 1024 ** 2],
  ['MB', 1000 ** 2],
  ['KiB', 1024],
  ['KB', 1000],
  ['B', 1],
];

const BYTES_BY_UNIT: ReadonlyMap<string, number> = new Map(
  UNIT_BYTES.map(([unit, bytes]) => [unit.toLowerCase(), bytes]),
);

/** The bytes of `16KiB`; undefined when the text is not a size or not a whole number of bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
  if (match === null) return undefined;
  const unitBytes = BYTES_BY_UNIT.get((match[2] === '' ? 'b' : (match[2] ?? '')).toLowerCase());
  const bytes = Number(match[1]) * (unitBytes ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The spelling with the largest unit that says it exactly: 16384 is `16KiB`, 256000000 is `256MB`. */
export function formatSize(bytes: number): string {
  const fitting = UNIT_BYTES.find(([, unitBytes]) => bytes >= unitBytes && bytes % unitBytes === 0);
  return fitting === undefined ? `${bytes}B` : `${bytes / fitting[1]}${fitting[0]}`;
}
