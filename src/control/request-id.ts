// The short id of one request on a control door: in the answer, in its X-Request-Id field and in the log.
// Rule: it says nothing about the request or the machine.

import { randomBytes } from 'node:crypto';

const ID_BYTES = 8;

export function newRequestId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}
