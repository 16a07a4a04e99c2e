// A message that was kept as it is shown: fields without credentials, a body as text where it is text. Rule: what is cut is not cut within a
// character, and nothing that a terminal or a browser would take for more than text is called text.
import { Buffer, isUtf8 } from 'node:buffer';
import { redactHeader } from '../core/redact.ts';
import { isSecretHeader } from '../core/secret-names.ts';

export interface ShownBody {
  readonly bytes: number;
  readonly text: string | null;
  readonly base64: string | null;
  /** There was more than is kept. */
  readonly cut: boolean;
}

/** `length`: of all of it. */
export function shownBody(kept: Uint8Array, length: number): ShownBody {
  const all = Buffer.from(kept.buffer, kept.byteOffset, kept.length);
  const bytes = all.length < length ? wholeCharacters(all) : all;
  const isText = isUtf8(bytes) && !hasControls(bytes);
  return {
    bytes: length,
    text: isText ? bytes.toString() : null,
    base64: isText ? null : bytes.toString('base64'),
    cut: all.length < length,
  };
}

/** Without anything of a value that is a credential. */
export function shownField(name: string, value: string): string {
  return isSecretHeader(name) ? '***' : redactHeader(name, value);
}

/** Without the beginning of a last character. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let less = 0; less < 4; less += 1) {
    const shorter = bytes.subarray(0, bytes.length - less);
    if (isUtf8(shorter)) return shorter;
  }
  return bytes;
}

function hasControls(bytes: Buffer): boolean {
  return bytes.some((byte) => byte < 9);
}
