// The fields that one message gets beside those it came with: single ones and lines made ready, in the order in which they came.
// Rule: adding copies no text; lines are written when the head is.
import { fieldOctets } from '../codec/http1/field-text.ts';
import type { NameSet } from '../codec/http1/name-set.ts';
import { ReadyLines } from '../codec/http1/ready-lines.ts';
import { type OutBuffer, writeField } from '../codec/http1/writer.ts';

class AddedField {
  readonly name: string;
  /** Each character is an octet. */
  readonly value: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
  }
}

type Added = AddedField | ReadyLines;

/** Of messages that have got nothing; never written to. */
const NOTHING: Added[] = [];

export class AddedFields {
  private items: Added[] = NOTHING;

  get isEmpty(): boolean {
    return this.items === NOTHING;
  }

  clear(): void {
    this.items = NOTHING;
  }

  append(name: string, value: string): void {
    this.push(new AddedField(name, fieldOctets(name, value)));
  }

  appendReady(lines: ReadyLines): void {
    this.push(lines);
  }

  /** The value of the first field of that name. Most questions are answered by lengths alone. */
  find(lowercaseName: string): string | undefined {
    const { items } = this;
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      if (item instanceof ReadyLines) {
        const index = item.names.indexOf(lowercaseName);
        if (index >= 0) return item.fields[index]![1];
      } else if (hasName(item, lowercaseName)) return item.value;
    }
    return undefined;
  }

  /** The values of all fields of that name. */
  all(lowercaseName: string): string[] {
    return this.fields()
      .filter((field) => hasName(field, lowercaseName))
      .map(({ value }) => value);
  }

  /** A bit for each of the names that is there. */
  whichOf({ names }: NameSet): number {
    return names.reduce((found, name, index) => (this.find(name) === undefined ? found : found | (1 << index)), 0);
  }

  remove(lowercaseName: string): void {
    if (this.find(lowercaseName) === undefined) return;
    const kept = this.fields().filter((field) => !hasName(field, lowercaseName));
    this.items = kept.length === 0 ? NOTHING : kept;
  }

  /** Name and value, in order. */
  entries(): [name: string, value: string][] {
    return this.fields().map(({ name, value }) => [name, value]);
  }

  /** As HTTP/2 wants them: lower-case names and values in turn. */
  appendTo(list: string[]): void {
    for (const item of this.items) {
      if (item instanceof ReadyLines) item.fields.forEach(([, value], index) => list.push(item.names[index]!, value));
      else list.push(item.name.toLowerCase(), item.value);
    }
  }

  write(out: OutBuffer): void {
    const { items } = this;
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      if (item instanceof ReadyLines) out.latin1(item.text);
      else writeField(out, item.name, item.value);
    }
  }

  private push(item: Added): void {
    if (this.items === NOTHING) this.items = [item];
    else this.items.push(item);
  }

  private fields(): AddedField[] {
    return this.items.flatMap((item) =>
      item instanceof ReadyLines ? item.fields.map(([name, value]) => new AddedField(name, value)) : [item],
    );
  }
}

function hasName({ name }: AddedField, lowercaseName: string): boolean {
  return name.length === lowercaseName.length && (name === lowercaseName || name.toLowerCase() === lowercaseName);
}
