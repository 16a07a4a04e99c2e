// A policy that keeps bodies until the test lets them go, as one does that asks somebody else about them.
import type { TestContext } from 'node:test';
import type { Exchange } from '../../src/contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../src/contract/policy.ts';
import { Playbook } from './playbook.ts';

/** Keeps everything until it is told otherwise, and lets nobody send while it has something. */
export class Examiner implements BodyTransform {
  readonly keepsLength = true;
  readonly holdsHead?: true;
  readonly sink: BodySink;
  aborted = false;
  private kept: Buffer[] = [];
  private ended = false;

  constructor(sink: BodySink, holdsHead: boolean) {
    this.sink = sink;
    if (holdsHead) this.holdsHead = true;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.kept.push(Buffer.from(bytes.subarray(from, to)));
    this.sink.pause();
  }

  end(): void {
    this.ended = true;
  }

  abort(): void {
    this.aborted = true;
  }

  letGo(): void {
    for (const part of this.kept.splice(0)) this.sink.write(part, 0, part.length);
    this.sink.resume();
    if (this.ended) this.sink.end();
  }
}

export interface Examined {
  readonly play: Playbook;
  readonly made: readonly Examiner[];
}

/** A playbook whose one policy examines bodies, but not answers of ours, and the examiners that were made. */
export function examined(
  t: TestContext,
  phases: readonly ('requestBody' | 'responseBody')[],
  holdsHead = false,
): Examined {
  const made: Examiner[] = [];
  const examine = ({ response }: Exchange, sink: BodySink): BodyTransform | null => {
    if (response.isOurs) return null;
    const examiner = new Examiner(sink, holdsHead);
    made.push(examiner);
    return examiner;
  };
  const policy: Policy = { name: 'examine', ...Object.fromEntries(phases.map((phase) => [phase, examine])) };
  return { play: new Playbook(t, { policies: [policy] }), made };
}

/** A transform does something by itself; what is left to the end of that turn has happened too. */
export function happens(play: Playbook, step: () => void): Playbook {
  step();
  play.engine.outbound.flush();
  return play.passes(0);
}
