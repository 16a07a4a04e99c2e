// A token endpoint as the providers have them: each refresh token is good for one answer, and using one again kills the family. Rule: a
// token counts as used when its answer has been sent, so that a request that is cut before has changed nothing.
import http from 'node:http';
import https from 'node:https';
import type { TestContext } from 'node:test';
import type { DialOrigin } from '../../src/services/health/origin-check.ts';
import type { TokenEndpoint } from '../../src/services/credentials/token-request.ts';
import { Connection, NOBODY } from '../../src/transport/connection.ts';
import { dial } from '../../src/transport/dial.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';
import type { ServerTls } from './ai-provider.ts';
import { readAll } from './origins.ts';
import { origin } from './playbook.ts';

type Reply = readonly [status: number, body: unknown, fields?: Readonly<Record<string, string>>];

export class TokenStandIn {
  url = '';
  /** What it was asked, in order. */
  readonly asked: Record<string, unknown>[] = [];
  /** In place of a login, as long as it is set. */
  reply: Reply | null = null;
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve();
  seconds = 28_800;
  readonly #used = new Set<unknown>();
  #waiting: (() => void)[] = [];
  #made = 0;

  /** Resolves when it has been asked so many times. */
  async askedTimes(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const question = JSON.parse(await readAll(request)) as Record<string, unknown>;
    this.asked.push(question);
    for (const tell of this.#waiting.splice(0)) tell();
    await this.gate;
    if (response.destroyed || request.socket.destroyed) return;
    const [status, body, fields = {}] = this.reply ?? this.#renew(question['refresh_token']);
    response.writeHead(status, { 'Content-Type': 'application/json', ...fields });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #renew(refreshToken: unknown): Reply {
    if (this.#used.has(refreshToken)) return [400, { error: 'invalid_grant', error_description: refreshToken }];
    this.#used.add(refreshToken);
    this.#made += 1;
    const made = { access_token: `access-${this.#made}`, refresh_token: `refresh-${this.#made}` };
    return [200, { ...made, expires_in: this.seconds, token_type: 'Bearer', scope: 'user:profile user:inference' }];
  }
}

export async function tokenStandIn(t: TestContext, tls?: ServerTls): Promise<TokenStandIn> {
  const standIn = new TokenStandIn();
  const take = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    standIn.answer(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? http.createServer(take) : https.createServer(tls, take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  standIn.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}/v1/oauth/token`;
  return standIn;
}

const dns = new DnsCache();

const dialPlain: DialOrigin = ({ host, port }, events) => {
  dial(
    { host, port },
    { dns, connectTimeoutMs: 5_000 },
    {
      onConnected: (socket, timings) => events.connected(new Connection(socket, NOBODY), timings),
      onFailed: (error) => events.failed(error),
    },
  );
};

export function endpointAt(url: string, timeoutMs = 30_000): TokenEndpoint {
  const { hostname, port, pathname } = new URL(url);
  return { origin: origin({ host: hostname, port: Number(port) }), path: pathname, dial: dialPlain, timeoutMs };
}
