// The fields of a head that lies in a list, to be read and changed as those of a message. Rule: names are given in lower case; order and spelling stay.
type Line = readonly [name: string, value: string];

/** What is looked at and changed of a head that is encoded here. */
export interface HeadFields {
  get(name: string): string | undefined;
  getAll(name: string): readonly string[];
  has(name: string): boolean;
  append(name: string, value: string): void;
  remove(name: string): void;
}

export class HeldLines implements HeadFields {
  lines: readonly Line[];

  constructor(lines: readonly Line[]) {
    this.lines = lines;
  }

  get(name: string): string | undefined {
    return this.lines.find(([own]) => own.toLowerCase() === name)?.[1];
  }

  getAll(name: string): readonly string[] {
    return this.lines.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  append(name: string, value: string): void {
    this.lines = [...this.lines, [name, value]];
  }

  remove(name: string): void {
    this.lines = this.lines.filter(([own]) => own.toLowerCase() !== name);
  }
}
