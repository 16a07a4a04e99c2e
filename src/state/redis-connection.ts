// The connection to the Redis server of `process.state`. Rule: it is opened in the background, comes back by itself, and makes nobody wait
// longer than a command may take; the password that it has is never in what it says.
import { SluiceError } from '../core/errors.ts';

export interface RedisConnectionOptions {
  readonly url: string;
  /** For one command, its answer included. */
  readonly timeoutMs?: number;
  readonly onUp?: () => void;
  /** Called once until it is up again. */
  readonly onDown?: (reason: string) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
const MAX_DOUBLINGS = 6;
/** A server that has gone without a word is noticed by these. */
const PING_EVERY_MS = 5_000;
const SILENCE_MS = 15_000;

interface Client {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  sendCommand(args: readonly string[]): Promise<unknown>;
  destroy(): void;
}

export class RedisConnection {
  /** For people: without user and password. */
  readonly server: string;
  private readonly options: RedisConnectionOptions;
  private readonly timeoutMs: number;
  private client: Client | null = null;
  private lastError = 'it has not answered yet';
  /** Who asks first waits for how the first attempt ends. */
  private readonly firstTry = Promise.withResolvers<void>();
  private isDown = false;
  private isClosed = false;

  constructor(options: RedisConnectionOptions) {
    const { protocol, host } = new URL(options.url);
    this.options = options;
    this.server = `${protocol}//${host}`;
    this.timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS;
    void this.open();
  }

  get isUp(): boolean {
    return this.client?.isReady === true;
  }

  /** Rejects at once while it is known that there is no connection. */
  async send(args: readonly string[]): Promise<unknown> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      if (this.isUp) this.lastError = `${args[0]} took longer than ${this.timeoutMs / 1000} s`;
      late.reject(this.unavailable());
    }, this.timeoutMs).unref();
    try {
      return await Promise.race([this.ask(args), late.promise]);
    } catch (cause) {
      if (cause instanceof SluiceError) throw cause;
      this.lastError = messageOf(cause);
      throw this.unavailable(cause);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.isClosed = true;
    if (this.client?.isOpen === true) this.client.destroy();
    this.client = null;
    this.firstTry.resolve();
  }

  private async ask(args: readonly string[]): Promise<unknown> {
    if (!this.isUp) await this.firstTry.promise;
    const { client } = this;
    if (client === null || !client.isReady) throw this.unavailable();
    return client.sendCommand(args);
  }

  /** Loaded only here: who keeps everything on one machine needs none of it. */
  private async open(): Promise<void> {
    try {
      const { createClient } = await import('@redis/client');
      if (this.isClosed) return;
      const client = createClient({
        url: this.options.url,
        name: 'sluice',
        // The older of the two protocols is spoken by every server, also by those that stand in for Redis.
        RESP: 2,
        maintNotifications: 'disabled',
        disableOfflineQueue: true,
        pingInterval: PING_EVERY_MS,
        socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS, reconnectStrategy: retryMs },
      });
      client.on('error', (error: unknown) => this.fell(error));
      client.on('ready', () => this.stands());
      this.client = {
        get isReady() {
          return client.isReady;
        },
        get isOpen() {
          return client.isOpen;
        },
        sendCommand: (args) => client.sendCommand(args),
        destroy: () => client.destroy(),
      };
      await client.connect();
    } catch (error) {
      this.fell(error);
    }
  }

  private stands(): void {
    this.isDown = false;
    this.firstTry.resolve();
    this.options.onUp?.();
  }

  private fell(error: unknown): void {
    this.lastError = messageOf(error);
    this.firstTry.resolve();
    if (this.isDown || this.isClosed) return;
    this.isDown = true;
    this.options.onDown?.(this.lastError);
  }

  private unavailable(cause?: unknown): SluiceError {
    const message = `${this.server} (process.state) does not do what it is asked: ${this.lastError}`;
    return new SluiceError('state_unavailable', { message, cause });
  }
}

function retryMs(retries: number): number {
  const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(retries, MAX_DOUBLINGS));
  return delayMs * (0.5 + Math.random() / 2);
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
