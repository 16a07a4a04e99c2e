// Shares of a whole as people write them: 20%. Rule: inside the program a share is a number from 0 to 1.

/** The number of `20%` or `0.2`; undefined when the text is no share, or is more than everything. */
export function parseShare(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(%?)$/.exec(text);
  if (match === null) return undefined;
  const share = match[2] === '%' ? Number(match[1]) / 100 : Number(match[1]);
  return share <= 1 ? share : undefined;
}

export function formatShare(share: number): string {
  // 0.07 times 100 is not quite 7 in floating point.
  return `${Number((share * 100).toFixed(6))}%`;
}
