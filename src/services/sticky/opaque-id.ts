// A name for something that does not say what it is, for clients to carry around. Rule: the same for the same thing on every
// machine and after every start, so that what a client carries means the same to all instances.
import { createHash } from 'node:crypto';

/** 96 bits: more than anybody meets by chance. */
const LENGTH = 16;

export function opaqueId(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, LENGTH);
}
