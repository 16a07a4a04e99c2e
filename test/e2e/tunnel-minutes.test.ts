// What minutes do to tunnels: silence of an app, of everybody, and of the network. Rule: they pass on a compressed clock, over real
// sockets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { CompressedTime } from '../support/compressed-time.ts';
import { Exposed, localServer, serveTunnels, TOKEN, tunnelDoor, wish } from '../support/exposed.ts';
import type { Gateway } from '../support/gateway.ts';
import { LegacyTunnelClient } from '../support/legacy-tunnel-client.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const ALICE = { name: 'alice', token: TOKEN, may: ['tunnels'] };
const OLD = { name: 'old', token: 'token-of-old', may: ['tunnels'] };

/** A proxy on the way that cuts whom it has heard nothing of for a minute, as nginx does, and that can fall silent itself. */
class Proxy {
  readonly server: net.Server;
  readonly cut: string[] = [];
  isFrozen = false;
  readonly #pairs: { readonly sockets: readonly net.Socket[]; heardAtMs: number }[] = [];

  constructor(t: TestContext, to: URL) {
    // Waiting for acknowledgements takes real time, which is long here.
    const noDelay = true;
    this.server = net.createServer({ noDelay }, (socket) => {
      const onward = net.connect({ port: Number(to.port), host: to.hostname, noDelay });
      const pair = { sockets: [socket, onward], heardAtMs: performance.now() };
      this.#pairs.push(pair);
      for (const each of pair.sockets) each.on('error', () => {});
      onward.on('data', () => (pair.heardAtMs = performance.now()));
      socket.pipe(onward).pipe(socket);
      if (this.isFrozen) this.#hold();
    });
    t.after(() => {
      for (const { sockets } of this.#pairs) for (const socket of sockets) socket.destroy();
      this.server.close();
    });
  }

  async open(): Promise<number> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** As often as somebody asks. */
  look(): void {
    for (const { sockets, heardAtMs } of this.#pairs) {
      if (performance.now() - heardAtMs <= MINUTE || sockets[0]?.destroyed === true) continue;
      this.cut.push('silent for a minute');
      for (const socket of sockets) socket.destroy();
    }
  }

  freeze(): void {
    this.isFrozen = true;
    this.#hold();
  }

  #hold(): void {
    for (const { sockets } of this.#pairs) for (const socket of sockets) socket.unpipe().pause();
  }
}

interface Listening {
  readonly response: http.IncomingMessage;
  readonly informed: number[];
  text: string;
}

async function listen(gateway: Gateway, host: string): Promise<Listening> {
  const informed: number[] = [];
  const request = http.get(gateway.url, { agent: false, headers: { Host: host } });
  request.on('information', ({ statusCode }) => informed.push(statusCode));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const listening: Listening = { response, informed, text: '' };
  response.on('data', (bytes: Buffer) => (listening.text += bytes.toString()));
  return listening;
}

test('minutes of silence end no tunnel, and those of the network are noticed', { timeout: 100_000 }, async (t) => {
  const time = new CompressedTime(t);
  const gateway = await serveTunnels(t, { users: [ALICE, OLD] });
  const events: http.ServerResponse[] = [];
  const local = await localServer(t, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('first ');
    events.push(response);
  });
  const proxy = new Proxy(t, new URL(tunnelDoor(gateway)));
  const tunnels = [wish(local.port)];
  const exposed = new Exposed(t, { server: `127.0.0.1:${await proxy.open()}`, tunnels });
  await exposed.until(() => exposed.opened !== null);

  await t.test('an event comes after a gap of 70 seconds', async () => {
    const listening = await listen(gateway, 'app.example.test');
    await time.pass(70 * SECOND);
    events[0]?.end('second');
    await once(listening.response, 'end');
    assert.deepEqual([listening.text, exposed.losses], ['first second', []]);
  });

  await t.test('a proxy that cuts silent connections after a minute finds none in ten', async () => {
    for (let minute = 0; minute < 10; minute += 0.5) {
      await time.pass(MINUTE / 2);
      proxy.look();
    }
    assert.deepEqual([proxy.cut, exposed.losses, exposed.openings], [[], [], 1]);
  });

  await t.test(
    'an answer that an older client gathers for longer than others may take is waited for, and nobody hears of that',
    async () => {
      const client = await LegacyTunnelClient.open(t, tunnelDoor(gateway), OLD.token);
      await client.tunnel('old');
      const listening = listen(gateway, 'old.example.test');
      const proxied = await client.proxy();
      await proxied.request();
      await time.pass(50 * SECOND);
      proxied.answer(200, { 'Content-Length': '4' }, 'late');
      const { response, informed } = await listening;
      assert.deepEqual([response.statusCode, informed], [200, []]);
      response.resume();
    },
  );

  await t.test(
    'a network that is gone is noticed within 20 seconds, and the address is the same after it',
    async () => {
      const address = exposed.opened?.[0]?.url;
      proxy.freeze();
      await time.pass(20 * SECOND);
      assert.deepEqual(exposed.losses.slice(0, 1), ['the server is silent']);
      await time.pass(50 * SECOND);
      proxy.isFrozen = false;
      // A try of meanwhile may still wait for its answer.
      while (exposed.openings < 2) await time.pass(SECOND);
      assert.equal(exposed.opened?.[0]?.url, address);
    },
  );
});
