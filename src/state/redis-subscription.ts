// Hears what is published on a channel of the Redis server of `process.state`. Rule: it comes back by itself; what was said meanwhile it
// has not heard, so whoever needs that looks when it is told that it hears again.
import { SluiceError } from '../core/errors.ts';

export interface RedisSubscriptionOptions {
  readonly url: string;
  readonly channel: string;
  readonly hear: (text: string) => void;
  /** It hears from here on, for the first time or again. */
  readonly onUp: () => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 100;
const MOST_RETRY_MS = 5_000;
const MOST_DOUBLINGS = 6;
const PING_EVERY_MS = 5_000;
const SILENCE_MS = 15_000;

interface Client {
  readonly isOpen: boolean;
  destroy(): void;
}

export class RedisSubscription {
  private readonly options: RedisSubscriptionOptions;
  private client: Client | null = null;
  private isClosed = false;

  constructor(options: RedisSubscriptionOptions) {
    this.options = options;
    // What fails is tried again by the client itself, and told by the connection that commands go by.
    void this.open().catch((cause: unknown) => {
      if (!this.isClosed) throw new SluiceError('internal', { cause });
    });
  }

  close(): void {
    this.isClosed = true;
    if (this.client?.isOpen === true) this.client.destroy();
    this.client = null;
  }

  private async open(): Promise<void> {
    const { createClient } = await import('@redis/client');
    if (this.isClosed) return;
    const { url, channel, hear, onUp } = this.options;
    const client = createClient({
      url,
      name: 'sluice-purges',
      RESP: 2,
      maintNotifications: 'disabled',
      pingInterval: PING_EVERY_MS,
      socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS, reconnectStrategy: retryMs },
    });
    client.on('error', () => {});
    this.client = client;
    await client.connect();
    await client.subscribe(channel, hear);
    if (this.isClosed) return;
    onUp();
    client.on('ready', onUp);
  }
}

function retryMs(retries: number): number {
  return Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(retries, MOST_DOUBLINGS));
}
