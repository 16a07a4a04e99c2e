// A fault in the text of a file, before anything is known about keys. Rule: it points at a place; the loader turns it
// into a problem with line, column and the line itself.

import type { ConfigProblemCode } from './problem.ts';
import type { ConfigNode, Place } from './source-tree.ts';

export interface TextFault {
  readonly code: ConfigProblemCode;
  readonly message: string;
  readonly place: Place;
  readonly hint?: string;
}

export interface ReadResult {
  /** Undefined when the text is empty, or too broken to say anything about it. */
  readonly root: ConfigNode | undefined;
  readonly faults: readonly TextFault[];
}
