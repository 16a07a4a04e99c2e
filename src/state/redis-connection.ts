// The connection to the Redis server of `process.state`. Rule: it is opened in the background, comes back by itself, and makes nobody wait
// longer than a command may take; the password that it has is never in what it says.
import { SluiceError } from '../core/errors.ts';
import { parseStateUrl, type StateUrl } from '../core/state-url.ts';
import { type RedisClient, redisClient, retryMs } from './redis-client.ts';

/** Told of every command. */
export interface ConnectionWatch {
  ended(durationMs: number, isGood: boolean): void;
  /** It is there, or it is not. */
  turned(isUp: boolean): void;
}

export interface RedisConnectionOptions {
  /** See core/state-url. */
  readonly url: string;
  /** For one command, its answer included. */
  readonly timeoutMs?: number;
  readonly watch?: ConnectionWatch | undefined;
  readonly onUp?: () => void;
  /** Called once until it is up again. */
  readonly onDown?: (reason: string) => void;
}

const COMMAND_TIMEOUT_MS = 2_000;
/** Sentinels and clusters do not say by themselves that nobody answers for them any more. */
const LOOK_EVERY_MS = 1_000;
const LOOK_TIMEOUT_MS = 1_000;

export class RedisConnection {
  /** For people: without user and password. */
  readonly server: string;
  private readonly options: RedisConnectionOptions;
  /** For one command, its answer included. */
  timeoutMs: number;
  private readonly place: StateUrl;
  private client: RedisClient | null = null;
  private lastError = 'it has not answered yet';
  /** Who asks first waits for how the first attempt ends. */
  private readonly firstTry = Promise.withResolvers<void>();
  private isDown = false;
  private isClosed = false;
  private isLost = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: RedisConnectionOptions) {
    const place = parseStateUrl(options.url);
    if (place === undefined) throw new SluiceError('internal', { message: 'no URL of a Redis server' });
    this.options = options;
    this.place = place;
    this.server = place.shown;
    this.timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS;
    void this.open();
  }

  /** Keys that do not lie together cannot be asked for together. */
  get isCluster(): boolean {
    return this.place.kind === 'cluster';
  }

  get isUp(): boolean {
    return this.client?.isReady === true && !this.isLost;
  }

  /** Rejects at once while it is known that there is no connection. */
  async send(args: readonly string[]): Promise<unknown> {
    const { watch } = this.options;
    const beganMs = watch === undefined ? 0 : performance.now();
    let isGood = false;
    const late = Promise.withResolvers<never>();
    // Where we ourselves are late an answer may lie there already: it is read first.
    const timer = setTimeout(setImmediate, this.timeoutMs, () => {
      if (this.isUp) this.lastError = `${args[0]} took longer than ${this.timeoutMs / 1000} s`;
      late.reject(this.unavailable());
    }).unref();
    try {
      const answer = await Promise.race([this.ask(args), late.promise]);
      isGood = true;
      return answer;
    } catch (cause) {
      if (cause instanceof SluiceError) throw cause;
      this.lastError = messageOf(cause);
      throw this.unavailable(cause);
    } finally {
      clearTimeout(timer);
      watch?.ended(performance.now() - beganMs, isGood);
    }
  }

  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.client?.isOpen === true) this.client.destroy();
    this.client = null;
    this.firstTry.resolve();
  }

  private async ask(args: readonly string[]): Promise<unknown> {
    if (!this.isUp) await this.firstTry.promise;
    const { client } = this;
    if (client === null || !client.isReady || this.isLost) throw this.unavailable();
    return client.sendCommand(args);
  }

  private async open(failures = 0): Promise<void> {
    try {
      if (this.client?.isOpen === true) this.client.destroy();
      const client = await redisClient({
        url: this.place,
        name: 'sluice',
        refusesEarly: true,
        onReady: () => this.stands(),
        onError: (error) => this.erred(error),
      });
      if (this.isClosed) return;
      this.client = client;
      await client.connect();
      if (this.place.kind !== 'single') this.lookSoon();
    } catch (error) {
      this.fell(error);
      // A single server is tried again by its client.
      if (this.place.kind !== 'single' && !this.isClosed) {
        this.timer = setTimeout(() => void this.open(failures + 1), retryMs(failures)).unref();
      }
    }
  }

  private lookSoon(): void {
    if (this.isClosed) return;
    this.timer = setTimeout(() => void this.look().finally(() => this.lookSoon()), LOOK_EVERY_MS).unref();
  }

  /** Reads a key that is not there: what answers for nothing is of no use. */
  private async look(): Promise<void> {
    const { client } = this;
    if (client === null) return;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('it does not answer')), LOOK_TIMEOUT_MS).unref();
    try {
      await Promise.race([client.sendCommand(['EXISTS', 'sluice:is-there']), late.promise]);
      if (this.isLost) this.stands();
    } catch (error) {
      this.isLost = true;
      this.fell(error);
    } finally {
      clearTimeout(timer);
    }
  }

  private stands(): void {
    this.isDown = false;
    this.isLost = false;
    this.firstTry.resolve();
    this.options.watch?.turned(true);
    this.options.onUp?.();
  }

  /** One of several servers may fail without any harm. */
  private erred(error: unknown): void {
    if (this.place.kind === 'single') this.fell(error);
    else this.lastError = messageOf(error);
  }

  private fell(error: unknown): void {
    this.lastError = messageOf(error);
    this.firstTry.resolve();
    if (this.isDown || this.isClosed) return;
    this.isDown = true;
    this.options.watch?.turned(false);
    this.options.onDown?.(this.lastError);
  }

  private unavailable(cause?: unknown): SluiceError {
    const message = `${this.server} (process.state) does not do what it is asked: ${this.lastError}`;
    return new SluiceError('state_unavailable', { message, cause });
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
