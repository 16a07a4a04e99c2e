// Backends for a gateway to balance, and what clients see of them. Rule: as with every origin, what a test starts here has ended
// with it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { type Answered, ask } from './ask.ts';
import { Gateway } from './gateway.ts';
import { http1Origin } from './origins.ts';

/** Answers with its name. */
export function named(t: TestContext, name: string): Promise<string> {
  return http1Origin(t, (request, response) => {
    request.resume().on('end', () => response.end(name));
  });
}

/** Where nobody listens, and nobody else will: the port is that of a connection to somewhere else. */
export async function deserted(t: TestContext): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const holder = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  await once(holder, 'connect');
  t.after(() => {
    holder.destroy();
    server.close();
  });
  return `http://127.0.0.1:${holder.localPort}`;
}

export function balanced(t: TestContext, to: object | string, policies: object = {}): Promise<Gateway> {
  return Gateway.open(t, { gateway: { routes: [{ name: 'app', to, policies }] } });
}

/** What comes back when it is asked so often, one after the other. */
export async function bodies({ url }: Gateway, count: number, path = '/'): Promise<string[]> {
  const all: string[] = [];
  for (let turn = 0; turn < count; turn++) all.push((await ask(url + path)).body);
  return all;
}

export function counts(all: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const each of all) sums[each] = (sums[each] ?? 0) + 1;
  return sums;
}

/** The code of an error, after having checked its status. */
export function failedWith({ status, body }: Answered, wanted: number): string {
  assert.equal(status, wanted, body);
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

/** Does what it is told to, and counts how often it is asked. */
export class Moody {
  asked = 0;
  status = 200;
  url = '';

  static async open(t: TestContext, status = 200): Promise<Moody> {
    const moody = new Moody();
    moody.status = status;
    moody.url = await http1Origin(t, (_request, response) => {
      moody.asked++;
      response.writeHead(moody.status).end(String(moody.status));
    });
    return moody;
  }
}
