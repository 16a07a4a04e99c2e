// The fields of a message as the rules of a cache read them. Rule: names are given in lower case; what the engine shows of a message
// will do, and so will what is stored.
import type { FieldLine } from '../answer-meta.ts';

export interface FieldReader {
  get(name: string): string | undefined;
  getAll(name: string): readonly string[];
  entries(): readonly FieldLine[];
}

/** Of fields that lie in a list. */
export class FieldList implements FieldReader {
  private readonly lines: readonly FieldLine[];

  constructor(lines: readonly FieldLine[]) {
    this.lines = lines;
  }

  get(name: string): string | undefined {
    return this.lines.find(([own]) => own.toLowerCase() === name)?.[1];
  }

  getAll(name: string): readonly string[] {
    return this.lines.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);
  }

  entries(): readonly FieldLine[] {
    return this.lines;
  }
}
