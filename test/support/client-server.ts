// A server that answers a client as a test says, one request after the other. Rule: what a test has not planned is not found.
import http from 'node:http';
import { once } from 'node:events';
import type net from 'node:net';
import type { TestContext } from 'node:test';

export interface Asked {
  readonly line: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Respond = (response: http.ServerResponse) => void;

export class ClientServer {
  readonly asked: Asked[] = [];
  readonly plans: Respond[] = [];
  readonly #server: http.Server;

  private constructor() {
    this.#server = http.createServer((request, response) => void this.#take(request, response));
  }

  static async open(t: TestContext, ...plans: readonly Respond[]): Promise<ClientServer> {
    const server = new ClientServer();
    server.plans.push(...plans);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    t.after(() => {
      server.#server.closeAllConnections();
      server.#server.close();
    });
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part as string;
    this.asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    response.on('error', () => {});
    const plan = this.plans.shift() ?? ((answer) => answer.writeHead(404).end());
    plan(response);
  }
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Respond {
  return (response) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** All of it, and then the end, or a cut. */
export function says(text: string, end: 'end' | 'cut' | 'open' = 'end'): Respond {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(text, () => {
      // What was said is on its way by then.
      if (end === 'cut') setTimeout(() => response.destroy(), 20);
    });
    if (end === 'end') response.end();
  };
}
