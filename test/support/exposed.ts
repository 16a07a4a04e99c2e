// Tunnels that the client of Sluice opens at a real server, with what it tells at hand. Rule: it is closed when the test is over.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import {
  type ClientEnd,
  exposeTunnels,
  type ExposeOptions,
  type OpenedTunnel,
  type RequestRecord,
  type TunnelClient,
} from '../../src/runtime/tunnel-client/expose-tunnels.ts';
import type { ClientTunnel } from '../../src/config/schema/tunnel-client.ts';
import { Gateway, type GatewaySettings } from './gateway.ts';

export const TOKEN = 'the token of alice';

export const TUNNEL_SERVER: { readonly users: readonly object[]; readonly tunnels: { readonly server: object } } = {
  users: [
    { name: 'alice', token: TOKEN, may: ['tunnels'] },
    { name: 'bob', token: 'the token of bob', may: ['tunnels'] },
  ],
  tunnels: {
    server: {
      enabled: true,
      listen: '127.0.0.1:0',
      domain: 'example.test',
      public_url: 'http://{subdomain}.example.test',
    },
  },
};

export function tunnelDoor(gateway: Gateway): string {
  return gateway.tunnels.doors()[0]?.address ?? assert.fail('the tunnel server has no door');
}

export function wish(localPort: number, more: Partial<ClientTunnel> = {}): ClientTunnel {
  return {
    name: 'app',
    protocol: 'http',
    local_host: '127.0.0.1',
    local_port: localPort,
    subdomain: 'app',
    hostname: null,
    auth: null,
    remote_port: null,
    proxy_protocol: null,
    host_header: 'local',
    allow: [],
    request_headers: {},
    response_headers: {},
    ...more,
  };
}

/** A local server; resolves with its port. */
export async function localServer(
  t: TestContext,
  answer: http.RequestListener,
): Promise<http.Server & { port: number }> {
  const server = http.createServer(answer);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

const opened = new Set<TunnelClient>();

/** A gateway with a tunnel server, which ends after its clients. */
export function serveTunnels(t: TestContext, settings: GatewaySettings = {}): Promise<Gateway> {
  t.after(() => {
    for (const client of opened) client.close();
    opened.clear();
  });
  return Gateway.open(t, { ...TUNNEL_SERVER, ...settings });
}

export class Exposed {
  readonly client: TunnelClient;
  readonly requests: RequestRecord[] = [];
  readonly losses: string[] = [];
  opened: readonly OpenedTunnel[] | null = null;
  openings = 0;
  /** `unhealthy`, `healthy`, as it was told. */
  readonly health: string[] = [];
  end: ClientEnd | null = null;
  readonly #told = new EventEmitter();

  constructor(t: TestContext, options: Partial<ExposeOptions> & Pick<ExposeOptions, 'server' | 'tunnels'>) {
    const tell = (): void => void this.#told.emit('told');
    this.client = exposeTunnels(
      { token: TOKEN, env: {}, isPatient: false, ...options },
      {
        connecting: () => {},
        opened: (opened) => {
          this.opened = opened;
          this.openings += 1;
          tell();
        },
        lost: (why) => {
          this.losses.push(why);
          tell();
        },
        request: (record) => {
          this.requests.push(record);
          tell();
        },
        healthChanged: (_tunnel, { state }) => {
          this.health.push(state);
          tell();
        },
        ended: (end) => {
          this.end = end;
          tell();
        },
      },
    );
    opened.add(this.client);
    t.after(() => this.client.close());
    this.client.start();
  }

  async until(condition: () => boolean): Promise<this> {
    while (!condition()) await once(this.#told, 'told');
    return this;
  }

  static open(t: TestContext, gateway: Gateway, ...tunnels: readonly ClientTunnel[]): Promise<Exposed> {
    const exposed = new Exposed(t, { server: tunnelDoor(gateway), tunnels });
    return exposed.until(() => exposed.opened !== null);
  }
}
