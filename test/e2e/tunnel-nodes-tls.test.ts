// Nodes of the real program that share a Redis: who asks for the name of a tunnel of TLS comes to the local server, whichever node has its client.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { makeCertificate } from '../support/pki.ts';
import { Redis } from '../support/redis.ts';
import type { SluiceProcess } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { exposeWith, nodeBalancer, startNode } from '../support/tunnel-node.ts';

const NAME = 'app.tls.test';

/** Ends TLS itself, and says the digest of what it was sent. */
async function app(t: TestContext, certificate: { cert: Buffer; key: Buffer }): Promise<number> {
  const server = tls.createServer(certificate, (socket) => {
    const digest = createHash('sha256');
    let bytes = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      digest.update(chunk);
      bytes += chunk.length;
      if (bytes >= MUCH.length) socket.end(digest.digest('hex'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

const MUCH = randomBytes(10_000_000);

/** What is answered, or why nothing is. */
async function visit(t: TestContext, node: SluiceProcess, ca: Buffer): Promise<string> {
  const { port } = new URL(node.address('gateway'));
  const socket = tls.connect({ port: Number(port), host: '127.0.0.1', servername: NAME, ca });
  t.after(() => socket.destroy());
  let heard = '';
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
  let failure: string | null = null;
  socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
  socket.write(MUCH);
  await new Promise((resolve) => socket.on('close', resolve));
  return failure ?? heard;
}

describe('a tunnel of TLS', { timeout: 150_000 }, () => {
  test('is reached by its name at a node without its client, and goes along with it', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const files = makeCertificate(temporaryFolder(t), NAME);
    const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)];
    const wish = { redis, server: 'tls_domain: tls.test' };
    const [one, other] = await Promise.all([startNode(t, wish), startNode(t, { ...wish, workers: 2 })]);
    const { url, leadTo } = await nodeBalancer(t);
    leadTo(one.address('tunnels'));
    const port = await app(t, { cert, key });
    exposeWith(t, url, ['tcp', `127.0.0.1:${port}`, '--tls', '--subdomain', 'app']);
    const expected = createHash('sha256').update(MUCH).digest('hex');
    const untilServed = async (node: SluiceProcess): Promise<void> => {
      while ((await visit(t, node, cert)) !== expected) await pause(50);
    };
    await untilServed(one);
    await untilServed(other);
    redis.signal('SIGSTOP');
    t.after(() => redis.signal('SIGCONT'));
    assert.equal(await visit(t, other, cert), expected);
    redis.signal('SIGCONT');
    leadTo(other.address('tunnels'));
    one.signal('SIGKILL');
    await one.ended;
    await untilServed(other);
    const again = await startNode(t, wish);
    await untilServed(again);
  });
});
