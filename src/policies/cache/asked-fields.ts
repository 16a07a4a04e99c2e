// The fields of a request as the origin has seen them, but for what tells whom an answer is for. Rule: whether a client has said who it is
// goes by what the client has sent; what was put in on the way is the same for all.
import type { FieldLine } from '../../services/cache/answer-meta.ts';
import type { FieldReader } from '../../services/cache/rules/field-reader.ts';
import type { Turn } from './turn.ts';

export class AskedFields implements FieldReader {
  private readonly fields: FieldReader;
  private readonly sent: Pick<Turn, 'hasAuthorization' | 'hasCookie'>;

  constructor(fields: FieldReader, sent: Pick<Turn, 'hasAuthorization' | 'hasCookie'>) {
    this.fields = fields;
    this.sent = sent;
  }

  get(name: string): string | undefined {
    if (name === 'authorization') return this.sent.hasAuthorization ? '' : undefined;
    if (name === 'cookie') return this.sent.hasCookie ? '' : undefined;
    return this.fields.get(name);
  }

  getAll(name: string): readonly string[] {
    return this.fields.getAll(name);
  }

  entries(): readonly FieldLine[] {
    return this.fields.entries();
  }
}
