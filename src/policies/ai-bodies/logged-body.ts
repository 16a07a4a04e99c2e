// A body as it stands in the log: decoded, as text, with what is secret hidden. Rule: what cannot be read as text is written as it came, in
// base64, and however large it becomes when it is decoded, no more of it is written than of any other.
import type { Buffer } from 'node:buffer';
import { redactKeys } from '../../core/redact.ts';
import { decodeBytes } from '../../services/encodings/decoded-bytes.ts';
import type { LoggedBody } from '../../telemetry/body-log.ts';
import { MAX_LOGGED_BYTES } from './kept-body.ts';

export interface SeenBody {
  /** The beginning, or all of it. */
  readonly bytes: Buffer;
  /** null: not all of it was seen. */
  readonly size: number | null;
  readonly encoding: string;
}

export interface ReadBody {
  readonly logged: LoggedBody;
  /** Decoded; null: it cannot be. */
  readonly plain: Uint8Array | null;
}

export async function loggedBody(seen: SeenBody, secrets: readonly string[]): Promise<ReadBody> {
  const { bytes, size, encoding } = seen;
  const isCut = size === null || size > bytes.length;
  const plain = await new Promise<Uint8Array | null>((resolve) => decodeBytes({ bytes, encoding, isCut }, resolve));
  const isLong = isCut || (plain !== null && plain.length > MAX_LOGGED_BYTES);
  const common = { ...(size !== null && { bytes: size }), ...(isLong && { truncated: true as const }) };
  const text = plain === null ? null : textOf(plain.subarray(0, MAX_LOGGED_BYTES), isLong);
  if (text !== null) return { plain, logged: { ...common, body: redactKeys(text, secrets) } };
  const base64 = bytes.toString('base64');
  return { plain, logged: { ...common, ...(encoding !== '' && { encoding }), base64 } };
}

/** null: it is none. What is cut may be so within a character. */
function textOf(bytes: Uint8Array, isCut: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return null;
  }
}
