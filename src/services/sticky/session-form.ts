// What a provider takes for a session's id and for its time to live, and how ours are put into that form.
// Rule: the same id always gives the same text; an id that fits already stays as it is.
import { createHash } from 'node:crypto';
import { formatDuration } from '../../core/duration.ts';

export interface IdForm {
  /** All characters that may stand in it. */
  readonly alphabet: string;
  readonly minLength: number;
  readonly maxLength: number;
}

export interface TtlForm {
  /** What a number counts; `text`: a number with its unit, such as 30m. */
  readonly unit: 's' | 'm' | 'text';
  readonly minMs: number;
  readonly maxMs: number;
}

/** Long enough that two sessions hardly ever meet. */
const DERIVED_LENGTH = 16;
const UNIT_MS = { s: 1000, m: 60_000, text: 1000 } as const;

export function formSessionId(id: string, form: IdForm): string {
  return fits(id, form) ? id : deriveId(id, form);
}

/** Within what is allowed, rounded up to whole units. */
export function formTtl(ttlMs: number, { unit, minMs, maxMs }: TtlForm): string {
  const unitMs = UNIT_MS[unit];
  const count = Math.ceil(Math.min(Math.max(ttlMs, minMs), maxMs) / unitMs);
  return unit === 'text' ? formatDuration(count * unitMs) : String(count);
}

function fits(id: string, { alphabet, minLength, maxLength }: IdForm): boolean {
  if (id.length < minLength || id.length > maxLength) return false;
  for (const character of id) if (!alphabet.includes(character)) return false;
  return true;
}

function deriveId(id: string, { alphabet, minLength, maxLength }: IdForm): string {
  const length = Math.min(Math.max(DERIVED_LENGTH, minLength), maxLength);
  let derived = '';
  for (let block = 0; derived.length < length; block += 1) {
    const hash = createHash('sha256').update(`${block}\n${id}`).digest();
    for (let at = 0; at < hash.length && derived.length < length; at += 2) {
      derived += alphabet.charAt(hash.readUInt16BE(at) % alphabet.length);
    }
  }
  return derived;
}
