// Clients that ask a server again and again until they are stopped: some keep their connection, some open one for each request. Rule: every
// request that is not answered as it should be is written down, and no client goes on for ever.
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';

export interface SteadyLoadOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the answer has to be. */
  readonly body: string;
  readonly keeping?: number;
  readonly fresh?: number;
  /** An HTTP proxy: each connection goes through it by CONNECT. */
  readonly proxy?: string;
}

/** Of each client: far more than a test needs. */
const MOST_REQUESTS = 50_000;
const REQUEST_TIMEOUT_MS = 20_000;

export class SteadyLoad {
  answered = 0;
  readonly failures: string[] = [];
  readonly #options: SteadyLoadOptions;
  readonly #clients: Promise<void>[];
  #isOver = false;

  constructor(options: SteadyLoadOptions) {
    this.#options = options;
    const clients = [
      ...Array<boolean>(options.keeping ?? 2).fill(true),
      ...Array<boolean>(options.fresh ?? 2).fill(false),
    ];
    this.#clients = clients.map((keeps) => this.#run(keeps));
  }

  /** Resolves when so many more requests have been answered. */
  async more(count: number): Promise<void> {
    const wanted = this.answered + count;
    while (this.answered < wanted && this.failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stop(): Promise<readonly string[]> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    return this.failures;
  }

  async #run(keeps: boolean): Promise<void> {
    const { url } = this.#options;
    const { Agent } = url.startsWith('https:') ? https : http;
    const agent = new Agent({ keepAlive: keeps, maxSockets: 1 });
    for (let i = 0; i < MOST_REQUESTS && !this.#isOver; i++) {
      try {
        const got = this.#options.proxy === undefined ? await this.#ask(agent) : await this.#askThrough();
        if (got === `200 ${this.#options.body}`) this.answered++;
        else this.failures.push(got);
      } catch (error) {
        this.failures.push(`${keeps ? 'kept' : 'fresh'}: ${String(error)}`);
      }
    }
    agent.destroy();
  }

  #ask(agent: http.Agent, socket?: net.Socket): Promise<string> {
    const { url, headers = {} } = this.#options;
    const { request } = url.startsWith('https:') ? https : http;
    const through = socket === undefined ? { agent } : { createConnection: () => socket };
    return new Promise((resolve, reject) => {
      const asked = request(url, { ...through, headers, rejectUnauthorized: false, timeout: REQUEST_TIMEOUT_MS });
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('error', reject);
        response.on('end', () => resolve(`${response.statusCode} ${body}`));
      });
      asked.end();
    });
  }

  #askThrough(): Promise<string> {
    const { url, proxy = '' } = this.#options;
    const { host } = new URL(url);
    return new Promise((resolve, reject) => {
      const asked = http.request(proxy, { method: 'CONNECT', path: host, agent: false, timeout: REQUEST_TIMEOUT_MS });
      asked.on('timeout', () => asked.destroy(new Error('no tunnel in time')));
      asked.on('error', reject);
      asked.on('connect', (response, socket) => {
        if (response.statusCode !== 200) reject(new Error(`CONNECT: ${response.statusCode}`));
        else
          this.#ask(http.globalAgent, socket)
            .then(resolve, reject)
            .finally(() => socket.destroy());
      });
      asked.end();
    });
  }
}
