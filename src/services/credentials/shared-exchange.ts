// The renewal of a login that several nodes have, each in a file of its own: a refresh token is good for one use, so one of them asks and the others get
// its answer. Rule: what is kept of an answer can be read only by who has the refresh token that it was given for; where nobody can be asked about
// it, a node asks the provider by itself, as it would alone.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease, SharedState } from '../../state/shared-state.ts';
import type { JsonObject } from './store-format.ts';
import type { TokenAnswer } from './token-request.ts';

export interface ExchangeState extends Pick<SharedState, 'get' | 'put' | 'claim' | 'release'> {
  close(): void;
}

export interface SharedExchangeOptions {
  /** For one renewal: there are few of them. */
  readonly open: () => ExchangeState;
  readonly ask: (question: JsonObject) => Promise<TokenAnswer>;
  readonly pollMs?: number;
}

/** Whoever asks has so long. */
const LEASE_MS = 45_000;
const POLL_MS = 300;
/** A node that was away for longer has to be signed in again. */
const KEPT_MS = 7 * 86_400_000;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function sharedExchange(options: SharedExchangeOptions): (question: JsonObject) => Promise<TokenAnswer> {
  return async (question) => {
    const token = question['refresh_token'];
    if (typeof token !== 'string' || token === '') return options.ask(question);
    const state = options.open();
    try {
      return await exchange(options, question, { state, token, name: `login:${digestOf(token)}` });
    } finally {
      state.close();
    }
  };
}

interface Place {
  readonly state: ExchangeState;
  readonly token: string;
  readonly name: string;
}

async function exchange(
  { ask, pollMs = POLL_MS }: SharedExchangeOptions,
  question: JsonObject,
  place: Place,
): Promise<TokenAnswer> {
  const owner = randomUUID();
  for (let waitedMs = 0; waitedMs < 2 * LEASE_MS; waitedMs += pollMs) {
    const turn = await turnOf(place, owner);
    if (turn === 'nobody knows') break;
    if ('answer' in turn) return { status: 200, body: turn.answer, retryAfterMs: null };
    if (turn.lease !== null) return askFor(turn.lease, () => ask(question), place);
    await sleep(pollMs);
  }
  return ask(question);
}

type Turn = { readonly answer: JsonObject } | { readonly lease: Lease | null } | 'nobody knows';

/** First the lease: whoever has had it has left its answer before. */
async function turnOf({ state, token, name }: Place, owner: string): Promise<Turn> {
  try {
    const { lease, isMine } = await state.claim({ name, owner, value: '', ttlMs: LEASE_MS });
    const kept = await state.get(name);
    const answer = kept === null ? null : opened(kept, token);
    if (answer === null) return { lease: isMine ? lease : null };
    if (isMine) await state.release(lease);
    return { answer };
  } catch {
    return 'nobody knows';
  }
}

async function askFor(
  lease: Lease,
  ask: () => Promise<TokenAnswer>,
  { state, token, name }: Place,
): Promise<TokenAnswer> {
  try {
    const answer = await ask();
    const isGood = answer.status >= 200 && answer.status < 300 && answer.body !== null;
    if (isGood && answer.body !== null) await state.put(name, sealed(answer.body, token), KEPT_MS).catch(() => {});
    return answer;
  } finally {
    await state.release(lease).catch(() => false);
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(`name ${token}`).digest('base64url');
}

function keyOf(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'sluice login', KEY_BYTES));
}

function sealed(answer: JsonObject, token: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(token), iv);
  const text = Buffer.concat([cipher.update(JSON.stringify({ atMs: Date.now(), answer })), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64');
}

/** It holds from when it was given. */
function aged(answer: JsonObject, ageMs: number): JsonObject {
  const { expires_in: seconds } = answer;
  if (typeof seconds !== 'number') return answer;
  return { ...answer, expires_in: Math.max(1, Math.floor(seconds - Math.max(0, ageMs) / 1000)) };
}

/** null: it is none of ours. */
function opened(kept: string, token: string): JsonObject | null {
  try {
    const bytes = Buffer.from(kept, 'base64');
    const decipher = createDecipheriv(CIPHER, keyOf(token), bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    const { atMs, answer } = JSON.parse(text.toString()) as { atMs: number; answer: JsonObject };
    return aged(answer, Date.now() - atMs);
  } catch {
    return null;
  }
}
