// What becomes of a tunnel when its server dies, when its connection goes silent, and when its own machine has no time.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../support/ask.ts';
import { Exposed, localServer, serveTunnels, TOKEN, tunnelDoor, wish } from '../support/exposed.ts';
import { freePorts } from '../support/free-ports.ts';
import { SluiceProcess, startSluice } from '../support/sluice-process.ts';

const ofApp = { headers: { Host: 'app.example.test' } };

/** A relay that can fall silent without a word: nothing is read, nothing is closed. */
class Relay {
  readonly sockets: net.Socket[] = [];
  readonly server: net.Server;
  isFrozen = false;

  constructor(t: TestContext, to: URL) {
    this.server = net.createServer((socket) => {
      const onward = net.connect(Number(to.port), to.hostname);
      for (const each of [socket, onward]) this.sockets.push(each.on('error', () => {}));
      socket.pipe(onward).pipe(socket);
      if (this.isFrozen) this.#hold([socket, onward]);
    });
    t.after(() => {
      for (const socket of this.sockets) socket.destroy();
      this.server.close();
    });
  }

  async open(): Promise<number> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  freeze(): void {
    this.isFrozen = true;
    this.#hold(this.sockets);
  }

  #hold(sockets: readonly net.Socket[]): void {
    for (const socket of sockets) socket.unpipe().pause();
  }
}

describe('a tunnel', () => {
  test('is there again when its server was killed and starts anew, with the name that the server had given', async (t) => {
    const [door] = await freePorts(1);
    const config = `
gateway: { listen: 127.0.0.1:0 }
tunnels: { server: { enabled: true, listen: 127.0.0.1:${door}, domain: example.test, public_url: "http://{subdomain}.example.test" } }
users: [{ name: alice, token: ${JSON.stringify(TOKEN)}, may: [tunnels] }]
`;
    const server = await startSluice(t, { files: { 'sluice.yaml': config } });
    const local = await localServer(t, (_request, response) => response.end('hello'));
    const client = new SluiceProcess(t, {
      args: ['http', String(local.port), '--server', `127.0.0.1:${door}`],
      env: { RETUNNEL_AUTH_TOKEN: TOKEN },
    });
    await client.says(/\n/);
    const address = client.stdout;
    server.signal('SIGKILL');
    await server.ended;
    await client.says(/trying again/, 'stderr');
    const again = await startSluice(t, { folder: server.folder });
    await client.says(/open again/, 'stderr');
    assert.equal(client.stdout, address);
    const headers = { Host: new URL(address).host };
    assert.equal((await ask(again.address('gateway'), { headers })).body, 'hello');
  });

  test('notices a connection that has fallen silent, and comes back under the same address by another one', async (t) => {
    const gateway = await serveTunnels(t);
    const relay = new Relay(t, new URL(tunnelDoor(gateway)));
    const local = await localServer(t, (_request, response) => response.end('hello'));
    const server = `127.0.0.1:${await relay.open()}`;
    const tunnels = [wish(local.port, { subdomain: null })];
    const exposed = new Exposed(t, { server, tunnels, silentMs: 50 });
    await exposed.until(() => exposed.opened !== null);
    const address = exposed.opened?.[0]?.url ?? '';
    relay.freeze();
    await exposed.until(() => exposed.losses.length === 1);
    assert.deepEqual(exposed.losses, ['the server is silent']);
    relay.isFrozen = false;
    await exposed.until(() => exposed.openings === 2);
    assert.equal(exposed.opened?.[0]?.url, address);
    assert.equal((await ask(gateway.url, { headers: { Host: new URL(address).host } })).body, 'hello');
  });

  test('is not lost while its machine has no time to listen', async (t) => {
    const server = await startSluice(t, {
      files: {
        'sluice.yaml': `
gateway: { listen: 127.0.0.1:0 }
tunnels: { server: { enabled: true, listen: 127.0.0.1:0, domain: example.test } }
users: [{ name: alice, token: ${JSON.stringify(TOKEN)}, may: [tunnels] }]
`,
      },
    });
    const local = await localServer(t, (_request, response) => response.end('hello'));
    const exposed = new Exposed(t, { server: server.address('tunnels'), tunnels: [wish(local.port)], silentMs: 400 });
    await exposed.until(() => exposed.opened !== null);
    // As long as it takes to miss all that a server could say.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
    assert.equal((await ask(server.address('gateway'), ofApp)).body, 'hello');
    assert.deepEqual([exposed.losses, exposed.openings], [[], 1]);
  });
});
