// A config as lines of key and value, as `sluice config show --origin` has them. Rule: a list of plain values is one line, everything else goes on down
// to what has no parts.
export interface KeyLine {
  readonly key: string;
  readonly value: string;
}

export function keyLines(value: unknown, key = ''): KeyLine[] {
  if (Array.isArray(value) && value.some(hasParts)) {
    return value.flatMap((item: unknown, index) => keyLines(item, `${key}[${index}]`));
  }
  if (!hasParts(value) || Array.isArray(value)) return [{ key, value: wordsOf(value) }];
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length === 0) return [{ key, value: '{}' }];
  return entries.flatMap(([name, part]) => keyLines(part, key === '' ? name : `${key}.${name}`));
}

/** Where the value of a key comes from: what is said of it, or of what it is a part of; null: it has its default. */
export function originOf(origins: Readonly<Record<string, string>>, key: string): string | null {
  for (let part = key; part !== ''; part = part.replace(/(?:\.[^.[\]]*|\[\d+\]|^[^.[\]]*)$/, '')) {
    const origin = origins[part];
    if (origin !== undefined) return origin;
  }
  return null;
}

function hasParts(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '""' : value;
  return JSON.stringify(value) ?? '';
}
