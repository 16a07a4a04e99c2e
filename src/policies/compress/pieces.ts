// The buffers in which bodies wait for their encoder. Rule: they are used again and again, for what is thrown away outside of the heap
// makes the collector go through all of it again and again; who cannot say that a buffer is done with lets it go.

/** What goes to another thread at once: as much as a socket gives in one read. */
export const PIECE_BYTES: number = 64 * 1024;

/** 4 MiB are kept for the next bodies. */
const MAX_FREE = 64;

export interface Piece {
  readonly bytes: Buffer;
  length: number;
}

const free: Piece[] = [];

/** An empty one. */
export function takePiece(): Piece {
  return free.pop() ?? { bytes: Buffer.allocUnsafeSlow(PIECE_BYTES), length: 0 };
}

/** Nobody reads it any more. */
export function givePiece(piece: Piece): void {
  piece.length = 0;
  if (free.length < MAX_FREE) free.push(piece);
}

export function contentOf({ bytes, length }: Piece): Buffer {
  return bytes.subarray(0, length);
}
