// Three nodes of the real program that share a real Redis, behind a real HAProxy which asks each whether it is ready: visitors and clients of
// tunnels know the address of HAProxy alone. Rule: nodes keep their addresses when they start again, as machines do.
import { writeFileSync } from 'node:fs';
import type http from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExposeOptions } from '../../src/runtime/tunnel-client/expose-tunnels.ts';
import { ask, type Answered, type Asked } from './ask.ts';
import { Exposed, wish } from './exposed.ts';
import { freePorts } from './free-ports.ts';
import { http1Origin } from './origins.ts';
import { launch } from './proxies.ts';
import { Redis } from './redis.ts';
import { SluiceProcess } from './sluice-process.ts';

export const ALICE = 'token-of-alice-123456';
export const BOB = 'token-of-bob-12345678';

export interface ClusterOptions {
  /** In place of the address of Redis, for each node. */
  readonly stateOf?: (redis: Redis, node: number) => Promise<string>;
  /** In place of the address at which other nodes reach that one. */
  readonly addressOf?: (port: number, node: number) => Promise<string>;
  /** Also counts what it is asked. */
  readonly backend?: http.RequestListener;
  /** Added to the configuration. */
  readonly more?: string;
}

interface TunnelsAnswer {
  readonly tunnels: readonly { readonly name: string; readonly client: unknown }[];
}

interface Ports {
  readonly gateway: number;
  readonly tunnels: number;
  readonly nodes: number;
}

const NODES = 3;
const CHECK_MS = 100;
/** Several checks of HAProxy, so that it looks elsewhere before a node lets go. */
const DELAY_MS = 600;
/** What the environment says would win over the file. */
const ENV = { SLUICE_GATEWAY__LISTEN: '' };

export class Cluster {
  readonly redis: Redis;
  readonly nodes: SluiceProcess[] = [];
  /** Where visitors come in. */
  readonly url: string;
  /** Where clients of tunnels come in. */
  readonly door: string;
  readonly ports: readonly Ports[];
  readonly #t: TestContext;
  readonly #configs: string[] = [];

  private constructor(t: TestContext, redis: Redis, ports: readonly Ports[], front: readonly [number, number]) {
    this.#t = t;
    this.redis = redis;
    this.ports = ports;
    this.url = `http://127.0.0.1:${front[0]}`;
    this.door = `ws://127.0.0.1:${front[1]}`;
  }

  /** undefined: the test has been skipped, and returns at once. */
  static async start(t: TestContext, options: ClusterOptions = {}): Promise<Cluster | undefined> {
    const redis = await Redis.start(t);
    if (redis === undefined) return undefined;
    const free = await freePorts(3 * NODES + 1);
    const ports = Array.from({ length: NODES }, (_, node): Ports => {
      const [gateway = 0, tunnels = 0, nodes = 0] = free.slice(3 * node);
      return { gateway, tunnels, nodes };
    });
    const door = free.at(-1) ?? 0;
    const backend = await http1Origin(t, options.backend ?? ((_request, response) => response.end('backend')));
    const front = await startBalancer(t, ports, door);
    if (front === undefined) return undefined;
    const cluster = new Cluster(t, redis, ports, [front, door]);
    for (const [node, { nodes }] of ports.entries()) {
      const state = (await options.stateOf?.(redis, node)) ?? redis.url;
      const address = (await options.addressOf?.(nodes, node)) ?? `127.0.0.1:${nodes}`;
      cluster.#configs.push(configOf(ports[node]!, { state, address, backend, more: options.more ?? '' }));
    }
    await Promise.all(ports.map((_, node) => cluster.startNode(node)));
    await cluster.untilReady(NODES);
    return cluster;
  }

  /** Again, as it was. */
  async startNode(node: number, args: readonly string[] = ['up']): Promise<SluiceProcess> {
    const folder = this.nodes[node]?.folder;
    const files = { 'sluice.yaml': this.#configs[node] ?? '' };
    const started = new SluiceProcess(this.#t, { files, args, env: ENV, ...(folder !== undefined && { folder }) });
    this.nodes[node] = started;
    await started.says(/ready in \d+ ms[\s\S]*\n\n$/, 'stderr');
    return started;
  }

  /** HAProxy sends requests to so many of them, and they know of each other. */
  async untilReady(count: number): Promise<void> {
    for (;;) {
      const seen = new Set<string>();
      for (let index = 0; index < 2 * NODES; index++) {
        const { status, headers } = await this.visit('/', {}, 'plain.test').catch(() => ({ status: 0, headers: {} }));
        if (status === 200) seen.add(String((headers as Record<string, unknown>)['x-node']));
      }
      if (seen.size === count && (await this.#know(count))) return;
      await pause(CHECK_MS);
    }
  }

  async #know(count: number): Promise<boolean> {
    for (const node of this.nodes.filter(({ isRunning }) => isRunning)) {
      const status = (await (await node.admin('/api/v1/status')).json()) as { state_store: { nodes: number } };
      if (status.state_store.nodes < count) return false;
    }
    return true;
  }

  /** Through HAProxy, as every visitor. */
  visit(path: string, asked: Asked = {}, host = 'app.example.test'): Promise<Answered> {
    return ask(`${this.url}${path}`, { ...asked, headers: { Host: host, ...asked.headers } });
  }

  /** Straight to one node. */
  visitAt(node: number, path: string, asked: Asked = {}, host = 'app.example.test'): Promise<Answered> {
    return ask(`${this.urlOf(node)}${path}`, { ...asked, headers: { Host: host, ...asked.headers } });
  }

  /** Clients with a name each, `app0` and so on, which come through HAProxy. */
  async expose(localPort: number, count: number, more: Partial<ExposeOptions> = {}): Promise<Exposed[]> {
    const clients = Array.from({ length: count }, (_, index) => {
      const tunnels = [wish(localPort, { subdomain: `app${index}`, name: `app${index}` })];
      return new Exposed(this.#t, { server: this.door, token: ALICE, tunnels, isPatient: true, ...more });
    });
    await Promise.all(clients.map((client) => client.until(() => client.opened !== null)));
    return clients;
  }

  /** Every name answers at each of these nodes, or at all that run. */
  async untilServed(count: number, nodes: readonly number[] = [0, 1, 2]): Promise<void> {
    const running = nodes.filter((node) => this.nodes[node]?.isRunning === true);
    const hosts = Array.from({ length: count }, (_, index) => hostOf(index));
    await Promise.all(running.flatMap((node) => hosts.map((host) => this.#untilAnswers(node, host))));
  }

  async #untilAnswers(node: number, host: string): Promise<void> {
    while (!(await this.#answers(node, host))) await pause(20);
  }

  async #answers(node: number, host: string): Promise<boolean> {
    return this.visitAt(node, '/', {}, host).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  urlOf(node: number): string {
    return `http://127.0.0.1:${this.ports[node]?.gateway ?? 0}`;
  }

  /** The names of the clients that are connected there. */
  async clientsOf(node: number): Promise<string[]> {
    const sluice = this.nodes[node];
    if (sluice?.isRunning !== true) return [];
    const { tunnels } = (await (await sluice.admin('/api/v1/tunnels')).json()) as TunnelsAnswer;
    return tunnels.filter(({ client }) => client !== null).map(({ name }) => name);
  }
}

export function hostOf(index: number): string {
  return `app${index}.example.test`;
}

interface NodeParts {
  readonly state: string;
  readonly address: string;
  readonly backend: string;
  readonly more: string;
}

function configOf({ gateway, tunnels, nodes }: Ports, { state, address, backend, more }: NodeParts): string {
  const node = `{ listen: "127.0.0.1:${nodes}", address: "${address}", secret: secret-of-all-nodes }`;
  const limit = '{ rate: 1/h, burst: 6, per: { header: x-key } }';
  return `
process: { state: "${state}", data_dir: data, shutdown_delay: ${DELAY_MS}ms, shutdown_grace: 20s, node: ${node} }
log: { format: json, access: false }
gateway:
  listen: "127.0.0.1:${gateway}"
  policies: { headers: { response: { set: { X-Node: "${gateway}" } } } }
  routes:
    - { match: { host: plain.test, path: /limited }, to: "${backend}", policies: { rate_limit: ${limit} } }
    - { match: { host: plain.test, path: "/cached/*" }, to: "${backend}", policies: { cache: {} } }
    - { match: { host: plain.test, path: "/*" }, to: "${backend}" }
users:
  - { name: alice, token: ${ALICE}, may: [tunnels, agents] }
  - { name: bob, token: ${BOB}, may: [tunnels] }
tunnels:
  server:
    enabled: true
    listen: "127.0.0.1:${tunnels}"
    domain: example.test
    public_url: "http://{subdomain}.example.test"
    tcp_ports: null
    limits: { tunnels: 1000, clients: 1000 }
${more}`;
}

/** Resolves with the port for visitors. */
async function startBalancer(t: TestContext, ports: readonly Ports[], door: number): Promise<number | undefined> {
  const backend = (name: string, mode: string, server: (ports: Ports) => string): string[] => [
    `backend ${name}`,
    `  mode ${mode}`,
    '  balance roundrobin',
    '  option httpchk GET /health/readiness',
    `  default-server inter ${CHECK_MS}ms fastinter ${CHECK_MS}ms downinter ${CHECK_MS}ms fall 1 rise 1`,
    ...ports.map((each, node) => `  server node${node} ${server(each)}`),
  ];
  const haproxy = await launch(t, 'haproxy', (folder, port) => {
    const lines = [
      'global',
      '  log stdout format raw local0',
      'defaults',
      '  log global',
      '  timeout connect 1s',
      '  timeout check 3s',
      '  timeout client 60s',
      '  timeout server 60s',
      '  timeout tunnel 1h',
      '  retries 3',
      '  option redispatch 1',
      'frontend visitors',
      '  mode http',
      `  bind 127.0.0.1:${port}`,
      '  default_backend gateways',
      ...backend('gateways', 'http', ({ gateway }) => `127.0.0.1:${gateway} check`),
      'frontend clients',
      '  mode tcp',
      `  bind 127.0.0.1:${door}`,
      '  default_backend doors',
      ...backend('doors', 'tcp', ({ gateway, tunnels }) => `127.0.0.1:${tunnels} check port ${gateway}`),
    ];
    writeFileSync(join(folder, 'haproxy.cfg'), `${lines.join('\n')}\n`);
    return { peer: 'haproxy', args: ['-db', '-f', join(folder, 'haproxy.cfg')] };
  });
  return haproxy?.port;
}
