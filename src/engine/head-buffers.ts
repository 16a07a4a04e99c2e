// Where request heads lie while their exchanges run. Rule: taken with the head, given back when the exchange is over, so that
// an idle connection holds none.
import { BufferPool } from '../transport/buffers.ts';

/** Nearly every head fits; a larger one gets a buffer of its own size. */
const HEAD_BYTES = 4 * 1024;
/** Beyond this many exchanges at once, buffers go back to the collector. */
const MAX_KEPT = 1024;

export const headBuffers: BufferPool = new BufferPool(HEAD_BYTES, MAX_KEPT);
