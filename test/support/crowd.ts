// Visitors who ask one after the other for each of several things, without a pause, until they are stopped; some keep their connection, some open
// one for each request. Rule: whatever is not answered as it should be is written down, with when it was asked; nobody waits for ever.
import http from 'node:http';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';

export interface Wanted {
  readonly host: string;
  readonly path: string;
  /** Of the answer, whose status has to be 200. */
  readonly body: string;
}

export interface Failure {
  readonly host: string;
  readonly askedAtMs: number;
  readonly failedAtMs: number;
  readonly why: string;
}

export interface CrowdOptions {
  readonly url: string;
  readonly wanted: readonly Wanted[];
  readonly keeping?: number;
  readonly fresh?: number;
  /** Between two requests of a visitor: on a machine that others use as well. */
  readonly pauseMs?: number;
}

const REQUEST_TIMEOUT_MS = 30_000;

export class Crowd {
  answered = 0;
  /** The longest that anybody has waited for a right answer. */
  slowestMs = 0;
  readonly failures: Failure[] = [];
  readonly #options: CrowdOptions;
  readonly #visitors: Promise<void>[];
  #asked = 0;
  #isOver = false;

  constructor(options: CrowdOptions) {
    this.#options = options;
    const { keeping = 2, fresh = 2 } = options;
    const keeps = [...Array<boolean>(keeping).fill(true), ...Array<boolean>(fresh).fill(false)];
    this.#visitors = keeps.map((each) => this.#run(each));
  }

  /** How many ask at the same time. */
  get size(): number {
    return this.#visitors.length;
  }

  /** Resolves when so many more have been answered as they should be. */
  async more(count: number): Promise<void> {
    const wanted = this.answered + count;
    while (this.answered < wanted && !this.#isOver) await pause(5);
  }

  async stop(): Promise<readonly Failure[]> {
    this.#isOver = true;
    await Promise.all(this.#visitors);
    return this.failures;
  }

  async #run(keeps: boolean): Promise<void> {
    const { wanted, pauseMs = 0 } = this.#options;
    const agent = new http.Agent({ keepAlive: keeps, maxSockets: 1 });
    while (!this.#isOver) {
      const one = wanted[this.#asked++ % wanted.length];
      if (one !== undefined) await this.#visit(agent, one);
      await (pauseMs > 0 ? pause(pauseMs) : turn());
    }
    agent.destroy();
  }

  async #visit(agent: http.Agent, { host, path, body }: Wanted): Promise<void> {
    const askedAtMs = performance.now();
    const got = await this.#ask(agent, host, path).catch((error: unknown) => String(error));
    if (got === `200 ${body}`) {
      this.answered++;
      this.slowestMs = Math.max(this.slowestMs, performance.now() - askedAtMs);
    } else this.failures.push({ host, askedAtMs, failedAtMs: performance.now(), why: got });
  }

  #ask(agent: http.Agent, host: string, path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = http.request(`${this.#options.url}${path}`, {
        agent,
        headers: { Host: host },
        timeout: REQUEST_TIMEOUT_MS,
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('error', reject);
        response.on('end', () => resolve(`${response.statusCode ?? 0} ${body}`));
      });
      asked.end();
    });
  }
}
