// The transforms that the policies of a route put on a body's way. Rule: the first in the list gets the bytes first; each passes
// on what is ready, now or later, and what the last one gives goes where the body would have gone without them.
import type { BodySink, BodyTransform } from '../contract/policy.ts';
import type { SluiceError } from '../core/errors.ts';

/** Where the body goes behind the last transform, and what transforms ask of whoever sends it. */
export interface BodyWay {
  write(bytes: Uint8Array, from: number, to: number): void;
  end(): void;
  /** At least one transform cannot take more for now. */
  hold(): void;
  release(): void;
  /** Where it ends takes nothing more for now. */
  readonly isFull: boolean;
  giveUp(error: SluiceError): void;
  /** What a transform, or whoever stands behind it, has thrown. */
  fault(cause: unknown): void;
}

export class BodyTransforms {
  readonly way: BodyWay;
  /** False once the body has passed whole, or was given up: what a transform still says reaches nobody. */
  isOpen = true;
  private readonly chain: BodyTransform[] = [];
  private holders = 0;

  private constructor(way: BodyWay) {
    this.way = way;
  }

  /** Null when no policy wants this body. */
  static open<P>(
    policies: readonly P[],
    open: (policy: P, sink: BodySink) => BodyTransform | null,
    way: BodyWay,
  ): BodyTransforms | null {
    const transforms = new BodyTransforms(way);
    const { chain } = transforms;
    for (let i = policies.length - 1; i >= 0; i--) {
      const transform = open(policies[i]!, new Link(transforms, chain[0] ?? null));
      if (transform !== null) chain.unshift(transform);
    }
    return chain.length === 0 ? null : transforms;
  }

  /** As many bytes come out as go in. */
  get keepsLength(): boolean {
    return this.chain.every((transform) => transform.keepsLength === true);
  }

  /** The head of an answer waits until something of its body has come through. */
  get holdsHead(): boolean {
    return this.chain.some((transform) => transform.holdsHead === true);
  }

  /** One of them takes what the client does not. */
  get holdsBack(): boolean {
    for (const transform of this.chain) if (transform.holdsBack?.() === true) return true;
    return false;
  }

  /** What that has held back goes on. */
  drained(): void {
    for (const transform of this.chain) transform.drained?.();
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.chain[0]!.write(bytes, from, to);
  }

  end(): void {
    this.chain[0]!.end();
  }

  abort(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const transform of this.chain) transform.abort();
  }

  hold(): void {
    if (this.holders++ === 0) this.way.hold();
  }

  release(): void {
    if (--this.holders === 0) this.way.release();
  }
}

/** What one transform writes to: the next one, or the end of the way. */
class Link implements BodySink {
  private readonly transforms: BodyTransforms;
  private readonly next: Pick<BodyTransform, 'write' | 'end'>;
  private readonly isLast: boolean;
  private holds = false;
  private ended = false;

  constructor(transforms: BodyTransforms, next: BodyTransform | null) {
    this.transforms = transforms;
    this.next = next ?? transforms.way;
    this.isLast = next === null;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    if (this.ended || !this.transforms.isOpen) return;
    try {
      this.next.write(bytes, from, to);
    } catch (cause) {
      this.transforms.way.fault(cause);
    }
  }

  end(): void {
    if (this.ended || !this.transforms.isOpen) return;
    this.ended = true;
    if (this.isLast) this.transforms.isOpen = false;
    try {
      this.next.end();
    } catch (cause) {
      this.transforms.way.fault(cause);
    }
  }

  get isFull(): boolean {
    return this.transforms.way.isFull;
  }

  pause(): void {
    if (this.holds || !this.transforms.isOpen) return;
    this.holds = true;
    this.transforms.hold();
  }

  resume(): void {
    if (!this.holds || !this.transforms.isOpen) return;
    this.holds = false;
    this.transforms.release();
  }

  fail(error: SluiceError): void {
    if (this.transforms.isOpen) this.transforms.way.giveUp(error);
  }
}
