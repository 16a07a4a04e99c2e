// What makes copies of kept answers in other encodings. Types only. Rule: what it decides depends on the heads alone, so that every client
// that says the same gets the same.
import type { Fields } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { FieldLine } from './answer-meta.ts';
import type { FieldReader } from './rules/field-reader.ts';
import type { CopyEncoding } from './store/stored-answer.ts';

export interface Copier {
  /** What a client gets of whatever is worth it; null: as it is. */
  choose(asked: FieldReader): CopyEncoding | null;
  /** For some client at least. The length is -1 when only its end will tell. */
  isWorth(status: number, lines: readonly FieldLine[], bodyLength: number): boolean;
  /** What the head says in that encoding, or as it is where there are others. */
  linesFor(lines: readonly FieldLine[], encoding: CopyEncoding | null): readonly FieldLine[];
  /** The same of an answer that passes. */
  encode(fields: Fields, encoding: CopyEncoding): void;
  open(lines: readonly FieldLine[], encoding: CopyEncoding, bodyLength: number, sink: BodySink): BodyTransform;
}
