// An answer of a provider on its way: every byte goes on at once, and is looked at after that. Rule: nothing is held, nothing is changed,
// and however the answer ends, what it has used is told once.
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import type { TellUsage, UsageRecord } from '../../services/usage/usage-record.ts';
import { DecodedCopy, type DecodedSink } from './decoded-copy.ts';
import { UsageReader } from './usage-reader.ts';

/** Whose request it was. */
export type UsageOwner = Pick<UsageRecord, 'provider' | 'user' | 'account' | 'session'>;

export interface AnswerKind {
  readonly isStream: boolean;
  /** Empty: as it is. */
  readonly encoding: string;
}

export class CountedBody implements BodyTransform, DecodedSink {
  readonly keepsLength = true;
  private readonly sink: BodySink;
  private readonly owner: UsageOwner;
  private readonly tell: TellUsage;
  private readonly reader: UsageReader;
  private readonly copy: DecodedCopy | null;
  private readonly isReadable: boolean;
  private hasEnded = false;

  constructor(sink: BodySink, { isStream, encoding }: AnswerKind, owner: UsageOwner, tell: TellUsage) {
    this.sink = sink;
    this.owner = owner;
    this.tell = tell;
    this.reader = new UsageReader(isStream);
    this.copy = encoding === '' ? null : DecodedCopy.open(encoding, this);
    this.isReadable = encoding === '' || this.copy !== null;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.sink.write(bytes, from, to);
    if (this.copy !== null) this.copy.write(bytes, from, to);
    else if (this.isReadable) this.reader.take(bytes, from, to);
  }

  end(): void {
    this.close();
    this.sink.end();
  }

  abort(): void {
    this.close();
  }

  take(bytes: Uint8Array, from: number, to: number): void {
    this.reader.take(bytes, from, to);
  }

  done(): void {
    this.tell({ atMs: Date.now(), ...this.owner, ...this.reader.read() });
  }

  private close(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    if (this.copy === null) this.done();
    else this.copy.end();
  }
}
