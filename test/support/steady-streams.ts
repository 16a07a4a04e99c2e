// Clients of HTTP/2 that keep several streams running on one connection, and open another one when they are told to go. Rule: every stream that
// is not answered as it should be is written down; one that the server says it has not begun is asked for again, as clients do.
import http2 from 'node:http2';

export interface SteadyStreamsOptions {
  readonly url: string;
  readonly path: string;
  /** What the answer has to be. */
  readonly body: string;
  readonly sessions?: number;
  readonly streams?: number;
}

/** Of each lane: far more than a test needs. */
const MOST_REQUESTS = 50_000;
const { NGHTTP2_REFUSED_STREAM } = http2.constants;

export class SteadyStreams {
  answered = 0;
  /** How often a server has told a connection to go. */
  goaways = 0;
  readonly failures: string[] = [];
  readonly #options: SteadyStreamsOptions;
  readonly #lanes: Promise<void>[];
  readonly #sessions = new Map<number, http2.ClientHttp2Session>();
  #isOver = false;

  constructor(options: SteadyStreamsOptions) {
    this.#options = options;
    const { sessions = 2, streams = 4 } = options;
    this.#lanes = Array.from({ length: sessions * streams }, (_, lane) => this.#run(lane % sessions));
  }

  /** Resolves when so many more streams have been answered. */
  async more(count: number): Promise<void> {
    const wanted = this.answered + count;
    while (this.answered < wanted && this.failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stop(): Promise<readonly string[]> {
    this.#isOver = true;
    await Promise.all(this.#lanes);
    for (const session of this.#sessions.values()) session.close();
    return this.failures;
  }

  async #run(index: number): Promise<void> {
    for (let i = 0; i < MOST_REQUESTS && !this.#isOver; i++) {
      try {
        const got = await this.#ask(this.#session(index));
        if (got === `200 ${this.#options.body}`) this.answered++;
        else if (got !== 'not begun') this.failures.push(got);
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }

  #session(index: number): http2.ClientHttp2Session {
    const known = this.#sessions.get(index);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = http2.connect(this.#options.url, { rejectUnauthorized: false });
    session.on('error', () => {});
    session.on('goaway', () => {
      this.goaways++;
      session.close();
    });
    this.#sessions.set(index, session);
    return session;
  }

  #ask(session: http2.ClientHttp2Session): Promise<string> {
    return new Promise((resolve, reject) => {
      const stream = session.request({ ':path': this.#options.path });
      let [status, body] = [0, ''];
      stream.on('response', (head) => (status = head[':status'] ?? 0));
      stream.setEncoding('utf8').on('data', (text: string) => (body += text));
      stream.on('error', (error) => (stream.rstCode === NGHTTP2_REFUSED_STREAM ? resolve('not begun') : reject(error)));
      stream.on('close', () => resolve(stream.rstCode === NGHTTP2_REFUSED_STREAM ? 'not begun' : `${status} ${body}`));
    });
  }
}
