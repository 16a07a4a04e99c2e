// One login out of a file that other programs use as well: kept fresh, written back, and said to be dead only when it is. Rule: a refresh
// token is used by one process at a time, once; what is in the file under the lock decides, and a failure takes nothing away.
import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../core/errors.ts';
import { codeOf, FolderLock } from './folder-lock.ts';
import { readStore, replaceStore, StoreFault, type StoreText, stampOf } from './store-file.ts';
import type { JsonObject, LockPlace, Login, StoreFormat } from './store-format.ts';
import type { TokenAnswer } from './token-request.ts';

export interface CredentialStoreInit {
  readonly file: string;
  readonly format: StoreFormat;
  readonly ask: (question: JsonObject) => Promise<TokenAnswer>;
  readonly nowMs?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

export type StoreState = 'ok' | 'expiring' | 'dead';

/** Safe to show. */
export interface StoreReport {
  readonly state: StoreState;
  /** Why it is not ok, or what was wrong with the last renewal. */
  readonly reason: string | null;
  readonly expiresAtMs: number | null;
  /** Others than its owner may read the file. */
  readonly isOpen: boolean;
}

/** Earlier than the programs that the file belongs to, so that they never come to it. */
const EARLY_MS = 10 * 60_000;
const JITTER_MS = 60_000;
/** However short a login holds, or however often it is refused. */
const BETWEEN_RENEWALS_MS = 60_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** A lock of somebody else who was killed is free after a minute, a token endpoint that answers late takes up to 30 seconds. */
const LONGEST_WAIT_FOR_LOCK_MS = 75_000;
const LOCK_POLL_MS = 300;
const BETWEEN_LOOKS_MS = 5_000;
const SIGN_IN = 'sign in again';

/** A renewed login that could not be written yet; the file still holds the refresh token `used`. */
interface Unsaved {
  readonly used: string;
  readonly answer: JsonObject;
  readonly atMs: number;
}

export class CredentialStore {
  readonly #file: string;
  readonly #format: StoreFormat;
  readonly #ask: CredentialStoreInit['ask'];
  readonly #nowMs: () => number;
  readonly #random: () => number;
  #login: Login | null = null;
  #stamp: string | null = null;
  #isOpen = false;
  /** What stands in the file is known, or that it cannot be. */
  #wasRead = false;
  #reason: string | null = null;
  #earlyMs = EARLY_MS;
  /** A refresh token that the provider does not know any more. */
  #deadToken: string | null = null;
  #unsaved: Unsaved | null = null;
  #failures = 0;
  /** Renewed no sooner than that, unless no other login is at hand. */
  #restUntilMs = 0;
  /** After a failure nothing is asked before. */
  #pauseUntilMs = 0;
  #running: Promise<void> | null = null;
  #watching: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor({ file, format, ask, nowMs = Date.now, random = Math.random }: CredentialStoreInit) {
    this.#file = file;
    this.#format = format;
    this.#ask = ask;
    this.#nowMs = nowMs;
    this.#random = random;
  }

  /** Null: there is none that can be used right now; `require` may find one. */
  get login(): Login | null {
    const login = this.#login;
    if (login === null) return null;
    return login.expiresAtMs === null || this.#nowMs() < login.expiresAtMs ? login : null;
  }

  /** From here on the file is looked at every few seconds, and the login renewed in time. */
  watch(): void {
    if (this.#watching !== null || this.#isClosed) return;
    this.#watching = setInterval(() => void this.look(), BETWEEN_LOOKS_MS);
    this.#watching.unref();
  }

  /** Waits for a renewal if it must. */
  async require(): Promise<Login> {
    this.watch();
    if (this.login === null) await this.#renew(null, true);
    const { login } = this;
    if (login === null) throw new SluiceError('credential_unavailable');
    return login;
  }

  /** The provider did not accept this token: another program may have written a better one, or else it is renewed, once. */
  async refused(accessToken: string): Promise<void> {
    await this.#running;
    if (this.#login === null || this.#login.accessToken === accessToken) await this.#renew(accessToken);
  }

  /** Notices what others have written, and renews in time. */
  async look(): Promise<void> {
    if (this.#running !== null || this.#isClosed) return;
    const isChanged = (await stampOf(this.#file)) !== this.#stamp;
    if (isChanged || this.#login === null || this.#unsaved !== null || this.#isDue(null)) await this.#renew(null);
  }

  get report(): StoreReport {
    const login = this.#login;
    const isDead = login === null ? this.#wasRead : this.#isDead(login);
    const reason = isDead ? (this.#reason ?? SIGN_IN) : this.#reason;
    const isEnding = login !== null && this.#isNearItsEnd(login);
    const state: StoreState = isDead ? 'dead' : isEnding ? 'expiring' : 'ok';
    return { state, reason, expiresAtMs: login?.expiresAtMs ?? null, isOpen: this.#isOpen };
  }

  /** Nothing is begun any more; a renewal that runs is waited for, so that what it brings is not lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#watching !== null) clearInterval(this.#watching);
    await this.#running;
  }

  /** `isForUse`: a login that still holds is good enough. */
  #renew(refused: string | null, isForUse = false): Promise<void> {
    this.#running ??= this.#run(refused, isForUse).finally(() => {
      this.#running = null;
      this.#wasRead = true;
    });
    return this.#running;
  }

  async #run(refused: string | null, isForUse: boolean): Promise<void> {
    try {
      await this.#load();
      if (isForUse && this.login !== null) return;
      if (this.#isClosed) return;
      if (!this.#isDue(refused) && this.#unsaved === null) {
        this.#allIsWell();
        return;
      }
      if (this.#nowMs() < this.#pauseUntilMs) return;
      await this.#underLocks(refused);
    } catch (error) {
      this.#failed(reasonOf(error), null);
    }
  }

  async #underLocks(refused: string | null): Promise<void> {
    const real = await realpath(this.#file);
    const locks = await this.#takeAll(this.#format.refreshLocks(this.#file, real), refused);
    if (locks === null) return;
    try {
      const { document } = await this.#load();
      // What cannot be written does not keep from going on with what is known.
      const fault = await this.#save().catch((error: unknown) => error);
      if (!this.#isDue(refused)) {
        if (fault !== undefined) throw fault;
        return;
      }
      const held = await Promise.all(locks.map((lock) => lock.isHeld()));
      if (held.every(Boolean)) await this.#exchange(document);
    } finally {
      for (const lock of locks.toReversed()) await lock.release();
    }
  }

  /** Asks for a new login with the one refresh token that the file, or what could not be written into it, holds now. */
  async #exchange(document: JsonObject): Promise<void> {
    const used = this.#login?.refreshToken ?? '';
    const { status, body, retryAfterMs } = await this.#ask(this.#format.question(document, used));
    if (status >= 200 && status < 300 && body !== null) {
      await this.#take(document, used, body);
    } else if (this.#format.isFinal(status, body)) {
      await this.#load();
      if (this.#login?.refreshToken === used) this.#die(used);
    } else {
      this.#failed(`the token endpoint answered ${status}`, retryAfterMs);
    }
  }

  async #take(document: JsonObject, used: string, answer: JsonObject): Promise<void> {
    const atMs = this.#nowMs();
    const renewed = this.#format.renew(document, answer, atMs);
    const login = renewed === null ? null : this.#format.read(renewed);
    if (login === null) {
      this.#failed('the token endpoint answered without a token', null);
      return;
    }
    // A refresh token that is left out stays what it was: also where the file still holds an older one.
    const refreshToken = typeof answer['refresh_token'] === 'string' ? login.refreshToken : used;
    this.#adopt({ ...login, refreshToken });
    this.#unsaved = { used: this.#unsaved?.used ?? used, answer: { ...answer, refresh_token: refreshToken }, atMs };
    this.#failures = 0;
    this.#reason = null;
    this.#pauseUntilMs = 0;
    await this.#save();
  }

  /** Under the lock for writing: into what the file holds by now, and only in the place of the login that was renewed. */
  async #save(): Promise<void> {
    const unsaved = this.#unsaved;
    if (unsaved === null) return;
    const place = this.#format.writeLock(this.#file);
    const locks = await this.#takeAll(place === null ? [] : [place], null);
    if (locks === null) throw new StoreFault(`${this.#file} is locked for writing by another program`);
    try {
      const { document, isPretty } = await readStore(this.#file);
      const isOurs = this.#format.read(document)?.refreshToken === unsaved.used || this.#format.isBlanked(document);
      const renewed = isOurs ? this.#format.renew(document, unsaved.answer, unsaved.atMs) : null;
      if (renewed !== null) await replaceStore(this.#file, renewed, isPretty);
      this.#unsaved = null;
      this.#reason = null;
    } finally {
      for (const lock of locks) await lock.release();
    }
    await this.#load();
  }

  /** Null: it is not needed any more. Another program that holds them may be renewing the login. */
  async #takeAll(places: readonly LockPlace[], refused: string | null): Promise<FolderLock[] | null> {
    const isWanted = this.#unsaved === null ? async () => this.#isStillDue(refused) : () => Promise.resolve(true);
    const taken: FolderLock[] = [];
    try {
      for (const place of places) {
        const lock = await waitFor(place, isWanted);
        if (lock === 'given up') {
          await releaseAll(taken);
          return null;
        }
        if (lock !== null) taken.push(lock);
      }
      return taken;
    } catch (error) {
      await releaseAll(taken);
      throw error;
    }
  }

  async #isStillDue(refused: string | null): Promise<boolean> {
    await this.#load();
    return !this.#isClosed && this.#isDue(refused);
  }

  async #load(): Promise<StoreText> {
    const found = await this.#read();
    this.#stamp = found.stamp;
    this.#isOpen = found.isOpen;
    const login = this.#format.read(found.document);
    // What could not be written yet is newer than the file.
    const isOld = this.#unsaved !== null && (login === null || login.refreshToken === this.#unsaved.used);
    if (!isOld) this.#adopt(login);
    if (login === null && !isOld) this.#reason = `${this.#file} holds no login: ${SIGN_IN}`;
    return found;
  }

  async #read(): Promise<StoreText> {
    try {
      return await readStore(this.#file);
    } catch (error) {
      this.#stamp = null;
      // Without the file its owner has signed out; what cannot be read for another reason takes no login away.
      if (this.#unsaved === null && (await stampOf(this.#file)) === null) this.#login = null;
      throw error;
    }
  }

  #adopt(login: Login | null): void {
    const before = this.#login;
    if (login?.accessToken === before?.accessToken && login?.refreshToken === before?.refreshToken) return;
    this.#login = login;
    if (before !== null) this.#restUntilMs = this.#nowMs() + BETWEEN_RENEWALS_MS;
    this.#earlyMs = EARLY_MS + this.#random() * JITTER_MS;
    this.#failures = 0;
    this.#pauseUntilMs = 0;
    this.#reason = null;
  }

  /** Is a renewal called for, and possible? */
  #isDue(refused: string | null): boolean {
    const login = this.#login;
    if (login === null || this.#isDead(login) || login.refreshToken === '') return false;
    if (this.login === null) return true;
    const isRested = this.#nowMs() >= this.#restUntilMs;
    return isRested && (login.accessToken === refused || this.#isNearItsEnd(login));
  }

  /** What was wrong with the file is not any more. */
  #allIsWell(): void {
    const login = this.#login;
    if (login === null || this.#isDead(login)) return;
    this.#failures = 0;
    this.#reason = null;
  }

  #isNearItsEnd({ expiresAtMs }: Login): boolean {
    return expiresAtMs !== null && this.#nowMs() >= expiresAtMs - this.#earlyMs;
  }

  #isDead({ refreshToken }: Login): boolean {
    if (refreshToken === '') return this.login === null;
    return refreshToken === this.#deadToken;
  }

  #die(refreshToken: string): void {
    this.#deadToken = refreshToken;
    this.#reason = `the provider does not accept this login any more: ${SIGN_IN}`;
  }

  #failed(reason: string, retryAfterMs: number | null): void {
    const doubledMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    const pauseMs = Math.max(doubledMs * (1 + this.#random() / 4), Math.min(retryAfterMs ?? 0, LONGEST_PAUSE_MS));
    this.#failures += 1;
    this.#reason = reason;
    this.#pauseUntilMs = this.#nowMs() + pauseMs;
  }
}

/** Null: it is done without. */
async function waitFor(place: LockPlace, isWanted: () => Promise<boolean>): Promise<FolderLock | 'given up' | null> {
  const untilMs = performance.now() + LONGEST_WAIT_FOR_LOCK_MS;
  let lock = await takeIfPossible(place);
  while (lock === 'busy') {
    await sleep(LOCK_POLL_MS);
    if (!(await isWanted()) || performance.now() > untilMs) return 'given up';
    lock = await takeIfPossible(place);
  }
  return lock;
}

async function takeIfPossible(place: LockPlace): Promise<FolderLock | 'busy' | null> {
  try {
    return (await FolderLock.take(place)) ?? 'busy';
  } catch (error) {
    if (place.isOptional === true) return null;
    throw new StoreFault(`${place.path} cannot be made (${codeOf(error)}), so that the login is not renewed`);
  }
}

async function releaseAll(locks: readonly FolderLock[]): Promise<void> {
  for (const lock of locks.toReversed()) await lock.release();
}

function reasonOf(error: unknown): string {
  if (error instanceof StoreFault) return error.message;
  if (error instanceof SluiceError) return `the token endpoint cannot be asked (${error.code})`;
  return 'the login could not be renewed';
}
