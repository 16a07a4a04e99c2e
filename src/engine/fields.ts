// The fields of one message as policies see and change them: the received head, untouched, plus what was left out and what
// was added. Rule: reading and changing never rewrites the received bytes; the writer copies the runs that were kept.
import { FIELD, Head } from '../codec/http1/head.ts';
import type { Fields } from '../contract/exchange.ts';
import { AddedFields } from './added-fields.ts';
import type { NameSet } from '../codec/http1/name-set.ts';
import { repeatedName, repeatedValue } from '../codec/http1/repeated-text.ts';
import type { ReadyLines } from '../codec/http1/ready-lines.ts';

/** For messages that were made here: nothing was received. Nobody writes to it, since it has no fields. */
export const EMPTY_HEAD: Head = new Head();

/** The numbers of the names that have one. */
const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(FIELD)
    .filter(([, id]) => id !== FIELD.OTHER)
    .map(([name, id]) => [name.toLowerCase().replaceAll('_', '-'), id]),
);

export class EditableFields implements Fields {
  head: Head = EMPTY_HEAD;
  /** What goes out after the kept fields. */
  readonly added: AddedFields = new AddedFields();

  begin(head: Head): void {
    this.head = head;
    this.added.clear();
  }

  get(name: string): string | undefined {
    const index = this.findKept(name, 0);
    if (index >= 0) return repeatedValue(this.head, index);
    return this.added.find(name);
  }

  getAll(name: string): string[] {
    const { head } = this;
    const values: string[] = [];
    for (let index = this.findKept(name, 0); index >= 0; index = this.findKept(name, index + 1)) {
      values.push(repeatedValue(head, index));
    }
    return this.added.isEmpty ? values : values.concat(this.added.all(name));
  }

  has(name: string): boolean {
    return this.findKept(name, 0) >= 0 || this.added.find(name) !== undefined;
  }

  set(name: string, value: string): void {
    this.remove(name);
    this.append(name, value);
  }

  append(name: string, value: string): void {
    this.added.append(name, value);
  }

  appendReady(lines: ReadyLines): void {
    this.added.appendReady(lines);
  }

  remove(name: string): void {
    const { head } = this;
    for (let index = this.findKept(name, 0); index >= 0; index = this.findKept(name, index + 1)) head.drop[index] = 1;
    this.added.remove(name);
  }

  removeAll(names: NameSet): void {
    const { head, added } = this;
    for (let index = 0; index < head.count; index++) if (names.positionOf(head, index) >= 0) head.drop[index] = 1;
    if (!added.isEmpty) for (const name of names.names) added.remove(name);
  }

  whichOf(names: NameSet): number {
    const found = names.whichOf(this.head);
    return this.added.isEmpty ? found : found | this.added.whichOf(names);
  }

  entries(): [name: string, value: string][] {
    const { head } = this;
    const all: [string, string][] = [];
    for (let index = 0; index < head.count; index++) {
      if (head.drop[index] === 0) all.push([repeatedName(head, index), repeatedValue(head, index)]);
    }
    return this.added.isEmpty ? all : all.concat(this.added.entries());
  }

  private findKept(name: string, from: number): number {
    const { ids, drop, count } = this.head;
    const id = NUMBERS.get(name) ?? FIELD.OTHER;
    for (let index = from; index < count; index++) {
      if (ids[index] !== id || drop[index] === 1) continue;
      if (id !== FIELD.OTHER || this.head.nameEquals(index, name)) return index;
    }
    return -1;
  }
}
