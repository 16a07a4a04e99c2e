// Changes of header fields as a command line says them. Rule: "Name: value" sets, "Name:" takes out; nothing else is a change.

import type { FieldChanges } from '../config/schema/tunnel-client.ts';
import { SluiceError } from '../core/errors.ts';

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\u{10ffff}]*)$/u;

export function fieldChanges(lines: readonly string[] = []): FieldChanges {
  return Object.fromEntries(lines.map(fieldChange));
}

function fieldChange(line: string): readonly [string, string | null] {
  const [, name, value = ''] = LINE.exec(line) ?? [];
  if (name === undefined) {
    throw new SluiceError('usage', { message: `${JSON.stringify(line)} is no header: expected "Name: value"` });
  }
  return [name, value.trim() === '' ? null : value.trim()];
}
