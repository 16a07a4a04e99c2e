// The streams of a connection that were closed lately, and how. Rule: a frame may still be on its way to a stream that we have given
// up, and is passed over; to one that the other side has ended itself nothing may come (RFC 9113, 5.1).

const MOST = 128;

export class ClosedStreams {
  /** A ring; below 0 when it was us who gave the stream up. */
  private readonly ring: Int32Array = new Int32Array(MOST);
  private next = 0;

  add(id: number, givenUp: boolean): void {
    this.ring[this.next] = givenUp ? -id : id;
    this.next = (this.next + 1) % MOST;
  }

  hasEnded(id: number): boolean {
    return this.ring.includes(id);
  }

  wasGivenUp(id: number): boolean {
    return this.ring.includes(-id);
  }
}
