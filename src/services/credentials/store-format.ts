// What differs between the files in which programs keep their logins. Types and plain words only. Rule: an adapter reads and makes
// documents; it opens no file, asks nobody and knows no time of its own.
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a store holds, as far as requests need it. */
export interface Login {
  readonly accessToken: string;
  /** Empty: this login cannot be renewed. */
  readonly refreshToken: string;
  /** Since 1970; null: nothing says so. */
  readonly expiresAtMs: number | null;
  /** Named to the provider beside the token; null: it needs none. */
  readonly accountId: string | null;
}

/** A folder that stands for a lock while it exists, as proper-lockfile makes them. */
export interface LockPlace {
  readonly path: string;
  /** Who has not touched it for so long is taken for dead. */
  readonly staleMs: number;
  /** A lock of older programs: where its folder cannot be made it is done without. */
  readonly isOptional?: true;
}

export interface StoreFormat {
  readonly name: 'claude' | 'codex';
  /** Null: it holds no login. */
  read(document: JsonObject): Login | null;
  /** A login was taken out of it because the provider did not accept it any more, and not because its owner has signed out. */
  isBlanked(document: JsonObject): boolean;
  /** What the token endpoint is asked. */
  question(document: JsonObject, refreshToken: string): JsonObject;
  /** The document with what the token endpoint has answered; null: that is no answer. */
  renew(document: JsonObject, answer: JsonObject, nowMs: number): JsonObject | null;
  /** The refresh token is worth nothing any more. */
  isFinal(status: number, answer: JsonObject | null): boolean;
  /** Held for as long as a login is renewed, taken in this order. `real`: what the path of the file leads to. */
  refreshLocks(file: string, real: string): readonly LockPlace[];
  /** Held while the file is written. */
  writeLock(file: string): LockPlace | null;
}

export function objectOf(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The word by which a token endpoint says what is wrong, in one of the shapes that are in use. */
export function errorWord(answer: JsonObject | null): string {
  const error = answer?.['error'];
  const nested = objectOf(error);
  return textOf(error) ?? textOf(nested?.['code']) ?? textOf(nested?.['type']) ?? textOf(answer?.['code']) ?? '';
}
