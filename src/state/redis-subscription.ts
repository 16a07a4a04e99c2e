// Hears what is published on a channel of the Redis server of `process.state`. Rule: it comes back by itself; what was said meanwhile it
// has not heard, so whoever needs that looks when it is told that it hears again.
import { SluiceError } from '../core/errors.ts';
import { parseStateUrl } from '../core/state-url.ts';
import { type RedisClient, redisClient, retryMs } from './redis-client.ts';

export interface RedisSubscriptionOptions {
  readonly url: string;
  readonly channel: string;
  readonly hear: (text: string) => void;
  /** It hears from here on, for the first time or again. */
  readonly onUp: () => void;
}

/** Sentinels and clusters do not always say that another server has taken over: so often what was said meanwhile is looked for. */
const LOOK_AGAIN_MS = 10_000;

export class RedisSubscription {
  private readonly options: RedisSubscriptionOptions;
  private client: RedisClient | null = null;
  private isClosed = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: RedisSubscriptionOptions) {
    this.options = options;
    void this.open();
  }

  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.client?.isOpen === true) this.client.destroy();
    this.client = null;
  }

  /** What fails is told by the connection that commands go by. */
  private async open(failures = 0): Promise<void> {
    try {
      if (this.client?.isOpen === true) this.client.destroy();
      await this.listen();
    } catch {
      if (this.isClosed) return;
      this.timer = setTimeout(() => void this.open(failures + 1), retryMs(failures)).unref();
    }
  }

  private async listen(): Promise<void> {
    const { channel, hear, onUp } = this.options;
    const url = parseStateUrl(this.options.url);
    if (url === undefined) throw new SluiceError('internal', { message: 'no URL of a Redis server' });
    let hears = false;
    const onReady = (): void => {
      if (hears) onUp();
    };
    const client = await redisClient({ url, name: 'sluice-ears', refusesEarly: false, onReady, onError: () => {} });
    if (this.isClosed) return;
    this.client = client;
    await client.connect();
    await client.subscribe(channel, hear);
    if (this.isClosed) return;
    hears = true;
    onUp();
    if (url.kind !== 'single') this.timer = setInterval(onUp, LOOK_AGAIN_MS).unref();
  }
}
