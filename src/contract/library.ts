// What `import … from 'sluice'` gives: the types of policies, and tunnels for programs that want their own server to have a public address.
// Types only; src/runtime/library.ts does it. Rule: nothing of Node's types is needed to read them.
export type * from './policy-module.ts';

/** A local server, and how visitors are to be treated. */
export interface ExposeOptions {
  /** The port of the local server. */
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** The tunnel server: host:port, or a ws, wss, http or https URL. Default: RETUNNEL_SERVER_ENDPOINT, else localhost:6400. */
  readonly server?: string;
  /** Default: RETUNNEL_AUTH_TOKEN, else what `sluice authtoken` or `sluice register` has saved for that server. */
  readonly token?: string;
  /** The wanted name. Default: the server gives one. */
  readonly subdomain?: string;
  /** A domain of your own. */
  readonly hostname?: string;
  /** `user:password` that visitors have to know. */
  readonly auth?: string;
  /** Networks that visitors may come from. Default: from anywhere. */
  readonly allow?: readonly string[];
  /** What the local server hears as its own name: `local` (localhost with its port, the default), `visitor`, or this. */
  readonly hostHeader?: string;
  /** What is set in requests, in place of what visitors say; null takes a field out. */
  readonly requestHeaders?: Readonly<Record<string, string | null>>;
  readonly responseHeaders?: Readonly<Record<string, string | null>>;
  /** How often a server that was never reached is tried. Default: 6. */
  readonly tries?: number;
  /** Told whenever the tunnel is lost, and open again. */
  readonly onStatus?: (status: ExposureStatus, why: string) => void;
  readonly onRequest?: (request: ExposedRequest) => void;
}

export type ExposureStatus = 'online' | 'reconnecting' | 'ended';

export interface ExposedRequest {
  readonly method: string;
  readonly path: string;
  /** 0: there was no answer. */
  readonly status: number;
  readonly durationMs: number;
  /** Of bodies, and of messages of WebSockets. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Exposure {
  /** The public address. It stays the same over breaks. */
  readonly url: string;
  readonly status: ExposureStatus;
  /** Resolves when it was closed; rejects where the server has ended it for good. */
  readonly ended: Promise<void>;
  /** At once; requests that run are cut. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Resolves when the tunnel is open; rejects, with a `code`, when it cannot be. Breaks mend themselves from then on. */
export declare function expose(options: ExposeOptions): Promise<Exposure>;
