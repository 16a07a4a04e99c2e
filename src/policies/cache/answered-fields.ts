// The fields of an answer of the origin, as the rules ask for them. Rule: which of those that matter are there is looked up once; most
// answers have few of them, and are asked about all.
import { NameSet } from '../../codec/http1/name-set.ts';
import type { Fields } from '../../contract/exchange.ts';
import type { FieldLine } from '../../services/cache/answer-meta.ts';
import type { FieldReader } from '../../services/cache/rules/field-reader.ts';

const NAMES = [
  'age',
  'cache-control',
  'cache-tag',
  'cdn-cache-control',
  'connection',
  'content-length',
  'content-location',
  'date',
  'etag',
  'expires',
  'last-modified',
  'pragma',
  'set-cookie',
  'surrogate-key',
  'vary',
];
const SET = new NameSet(NAMES);
const BITS: ReadonlyMap<string, number> = new Map(NAMES.map((name, index) => [name, 1 << index]));
const NONE: readonly string[] = [];

export class AnsweredFields implements FieldReader {
  private readonly fields: Fields;
  private readonly has: number;

  constructor(fields: Fields) {
    this.fields = fields;
    this.has = fields.whichOf(SET);
  }

  get(name: string): string | undefined {
    return this.lacks(name) ? undefined : this.fields.get(name);
  }

  getAll(name: string): readonly string[] {
    return this.lacks(name) ? NONE : this.fields.getAll(name);
  }

  entries(): readonly FieldLine[] {
    return this.fields.entries();
  }

  private lacks(name: string): boolean {
    const bit = BITS.get(name);
    return bit !== undefined && (this.has & bit) === 0;
  }
}
