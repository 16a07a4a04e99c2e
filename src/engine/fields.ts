// The fields of one message as policies see and change them: the received head, untouched, plus what was left out and what
// was added. Rule: reading and changing never rewrites the received bytes; the writer copies the runs that were kept.
import { Head } from '../codec/http1/head.ts';
import type { Fields } from '../contract/exchange.ts';
import { SluiceError } from '../core/errors.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// What may not stand in a field value: a line break would begin a field of somebody else's choice.
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;

/** For messages that were made here: nothing was received. Nobody writes to it, since it has no fields. */
export const EMPTY_HEAD: Head = new Head();

export class EditableFields implements Fields {
  head: Head = EMPTY_HEAD;
  /** Whole lines, each with its CRLF, in latin1: what goes out after the kept fields. */
  added = '';

  begin(head: Head): void {
    this.head = head;
    this.added = '';
  }

  get(name: string): string | undefined {
    const index = this.findKept(name, 0);
    if (index >= 0) return this.head.value(index);
    const at = this.findAdded(name);
    return at < 0 ? undefined : this.added.slice(at + name.length + 2, this.added.indexOf('\r\n', at));
  }

  getAll(name: string): string[] {
    return this.entries()
      .filter((entry) => entry[0].toLowerCase() === name)
      .map((entry) => entry[1]);
  }

  has(name: string): boolean {
    return this.findKept(name, 0) >= 0 || this.findAdded(name) >= 0;
  }

  set(name: string, value: string): void {
    this.remove(name);
    this.append(name, value);
  }

  append(name: string, value: string): void {
    if (!TOKEN.test(name) || FORBIDDEN_IN_VALUE.test(value)) {
      throw new SluiceError('internal', {
        message: `the field ${JSON.stringify(name.slice(0, 60))} cannot be written`,
      });
    }
    this.added += `${name}: ${latin1(value)}\r\n`;
  }

  remove(name: string): void {
    const { head } = this;
    for (let index = this.findKept(name, 0); index >= 0; index = this.findKept(name, index + 1)) head.drop[index] = 1;
    if (this.findAdded(name) < 0) return;
    const kept = this.addedEntries().filter((entry) => entry[0].toLowerCase() !== name);
    this.added = kept.map((entry) => `${entry[0]}: ${entry[1]}\r\n`).join('');
  }

  entries(): [name: string, value: string][] {
    const { head } = this;
    const all: [string, string][] = [];
    for (let index = 0; index < head.count; index++) {
      if (head.drop[index] === 0) all.push([head.name(index), head.value(index)]);
    }
    return all.concat(this.addedEntries());
  }

  private findKept(name: string, from: number): number {
    const { head } = this;
    let index = head.findName(name, from);
    while (index >= 0 && head.drop[index] === 1) index = head.findName(name, index + 1);
    return index;
  }

  /** Where the first added line of that name begins. Most questions are answered by lengths alone. */
  private findAdded(name: string): number {
    const { added } = this;
    for (let at = 0; at < added.length; at = added.indexOf('\r\n', at) + 2) {
      const colon = added.indexOf(':', at);
      if (colon - at === name.length && added.slice(at, colon).toLowerCase() === name) return at;
    }
    return -1;
  }

  private addedEntries(): [name: string, value: string][] {
    if (this.added === '') return [];
    return this.added
      .slice(0, -2)
      .split('\r\n')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 2)];
      });
  }
}

/** Text beyond latin1 travels as UTF-8, whose octets are what latin1 writes. */
function latin1(value: string): string {
  return /[^\0-\xff]/.test(value) ? Buffer.from(value).toString('latin1') : value;
}
