// What speaks with Redis: one server, whoever is the master that sentinels name, or a cluster. Rule: the rest of the program cannot tell which; a
// command goes to where its key lies.
import type { StateUrl } from '../core/state-url.ts';

export interface RedisClient {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channel: string, hear: (text: string) => void): Promise<unknown>;
  destroy(): void;
}

export interface RedisClientOptions {
  readonly url: StateUrl;
  /** What the server calls the connection. */
  readonly name: string;
  /** What is asked while there is no connection is refused at once. */
  readonly refusesEarly: boolean;
  /** It answers from here on, for the first time or again. */
  readonly onReady: () => void;
  readonly onError: (error: unknown) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
const MAX_DOUBLINGS = 6;
/** A server that has gone without a word is noticed by these. */
const PING_EVERY_MS = 5_000;
const SILENCE_MS = 15_000;
/** Who is the master, in case nobody has told of another one. */
const SCAN_EVERY_MS = 5_000;
/** A command is not taken from one master to the next for ever: whoever has asked has long given up. */
const MAX_REDIRECTIONS = 4;

/** Loaded only here: who keeps everything on one machine needs none of it. */
export async function redisClient(options: RedisClientOptions): Promise<RedisClient> {
  const { kind } = options.url;
  if (kind === 'sentinel') return sentinelClient(options);
  return kind === 'cluster' ? clusterClient(options) : singleClient(options);
}

export function retryMs(retries: number): number {
  const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(retries, MAX_DOUBLINGS));
  return delayMs * (0.5 + Math.random() / 2);
}

/** The older of the two protocols is spoken by every server, also by those that stand in for Redis. */
const PROTOCOL = { RESP: 2, maintNotifications: 'disabled', pingInterval: PING_EVERY_MS } as const;

async function singleClient({ url, name, refusesEarly, onReady, onError }: RedisClientOptions): Promise<RedisClient> {
  const { createClient } = await import('@redis/client');
  const [server] = url.servers;
  const client = createClient({
    ...PROTOCOL,
    ...loginOf(url),
    name,
    database: url.database,
    disableOfflineQueue: refusesEarly,
    socket: { ...socketOf(url), host: server?.host ?? '', port: server?.port ?? 0 },
  });
  client.on('error', onError);
  client.on('ready', onReady);
  return {
    get isReady() {
      return client.isReady;
    },
    get isOpen() {
      return client.isOpen;
    },
    connect: () => client.connect(),
    sendCommand: (args) => client.sendCommand(args),
    subscribe: (channel, hear) => client.subscribe(channel, hear),
    destroy: () => client.destroy(),
  };
}

async function sentinelClient({ url, name, refusesEarly, onReady, onError }: RedisClientOptions): Promise<RedisClient> {
  const { createSentinel } = await import('@redis/client');
  const socket = socketOf(url);
  const sentinelLogin = url.sentinelPassword === null ? {} : { password: url.sentinelPassword };
  const client = createSentinel({
    RESP: 2,
    name: url.master,
    sentinelRootNodes: url.servers.map(({ host, port }) => ({ host, port })),
    maxCommandRediscovers: MAX_REDIRECTIONS,
    scanInterval: SCAN_EVERY_MS,
    passthroughClientErrorEvents: true,
    nodeClientOptions: {
      ...PROTOCOL,
      ...loginOf(url),
      name,
      database: url.database,
      disableOfflineQueue: refusesEarly,
      socket,
    },
    sentinelClientOptions: { ...PROTOCOL, ...sentinelLogin, name, socket },
  });
  client.on('error', onError);
  client.on('ready', onReady);
  client.on('topology-change', () => {});
  return {
    get isReady() {
      return client.isReady;
    },
    get isOpen() {
      return client.isOpen;
    },
    connect: () => client.connect(),
    sendCommand: (args) => client.sendCommand(false, [...args]),
    subscribe: (channel, hear) => client.subscribe(channel, hear),
    destroy: () => void client.destroy().catch(() => {}),
  };
}

async function clusterClient({ url, name, refusesEarly, onReady, onError }: RedisClientOptions): Promise<RedisClient> {
  const { createCluster } = await import('@redis/client');
  const socket = socketOf(url);
  const client = createCluster({
    RESP: 2,
    rootNodes: url.servers.map(({ host, port }) => ({ socket: { ...socket, host, port } })),
    maxCommandRedirections: MAX_REDIRECTIONS,
    defaults: { ...PROTOCOL, ...loginOf(url), name, disableOfflineQueue: refusesEarly, socket },
  });
  client.on('error', onError);
  client.on('node-error', () => {});
  client.on('connect', onReady);
  return {
    get isReady() {
      return client.isOpen;
    },
    get isOpen() {
      return client.isOpen;
    },
    connect: () => client.connect(),
    sendCommand: (args) => client.sendCommand(firstKey(args), false, [...args]),
    subscribe: (channel, hear) => client.subscribe(channel, hear),
    destroy: () => client.destroy(),
  };
}

function loginOf({ login }: StateUrl): { readonly username?: string; readonly password?: string } {
  if (login === null) return {};
  const { user, password } = login;
  return { ...(user !== '' && { username: user }), ...(password !== '' && { password }) };
}

interface SocketSettings {
  readonly connectTimeout: number;
  readonly socketTimeout: number;
  readonly reconnectStrategy: (retries: number) => number;
}

type TlsOrNot = { readonly tls: true } | { readonly tls: false };

function socketOf({ isTls }: StateUrl): SocketSettings & TlsOrNot {
  const settings = { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS, reconnectStrategy: retryMs };
  return isTls ? { ...settings, tls: true } : { ...settings, tls: false };
}

const WITHOUT_KEY: ReadonlySet<string> = new Set(['PING', 'PUBLISH', 'TIME', 'SCRIPT', 'CLIENT']);

/** Where in a cluster a command belongs; undefined: anywhere. */
export function firstKey([command = '', ...args]: readonly string[]): string | undefined {
  if (command === 'EVAL' || command === 'EVALSHA') return args[1] === '0' ? undefined : args[2];
  if (command === 'XREAD') return args[args.indexOf('STREAMS') + 1];
  return WITHOUT_KEY.has(command) ? undefined : args[0];
}
