// The door of the main thread for the others: a unix socket by which they pass on what only this thread can answer. Rule: nobody but
// this user can open it, and nobody is answered who does not know the secret of this program.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { compile } from '../../engine/compile.ts';
import { Engine } from '../../engine/engine.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import { Program } from '../../engine/program.ts';
import { Traffic } from '../../engine/traffic.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { engineTimeouts } from '../assemble/assemble-bounds.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import { engineLimits } from '../assemble/assemble.ts';
import { HttpListener } from '../registry.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import { type InnerAddress, innerRoutes } from './own-routes.ts';
import type { ProcessDesk } from './process-desk.ts';

export interface InnerDoorOptions {
  readonly desk: ProcessDesk;
  readonly log: ThreadLog;
}

const NAME = 'inner';
/** The engine counts each exchange; the door that a client has come by has done so already, and nobody reads this. */
const CAPACITY = 4096;

export class InnerDoor {
  readonly address: InnerAddress;
  readonly #options: InnerDoorOptions;
  readonly #names = new ConfiguredDns();
  readonly #traffic = new Traffic({
    door: NAME,
    recorder: new MetricsRecorder({ capacity: CAPACITY }),
    accessLog: null,
  });
  #engine: Engine | null = null;
  #listener: HttpListener | null = null;

  constructor(options: InnerDoorOptions) {
    this.#options = options;
    // Short, for the name of a unix socket may not be long.
    const folder = join(tmpdir(), `sluice-${process.pid}-${randomBytes(6).toString('hex')}`);
    this.address = {
      path: join(folder, 'inner.sock'),
      secret: randomBytes(32).toString('hex'),
      agents: options.desk.agents.share.memory,
    };
  }

  /** Before the other threads have the same configuration: they may ask at once. */
  async apply(config: Config): Promise<void> {
    const routes = innerRoutes(config, this.#options.desk, this.address.secret);
    if (routes.length === 0 && this.#engine === null) return;
    const program = compile([routes], this.#traffic);
    this.#engine ??= this.#createEngine(config);
    await this.#listen(this.#engine);
    const dial = originDialler(config.timeouts.connect, this.#names.of(config).cache);
    this.#engine.configure(innerLimits(config), engineTimeouts(config), dial);
    this.#engine.swap(program);
  }

  async close(): Promise<void> {
    this.#listener?.stop();
    this.#engine?.close();
    await this.#engine?.untilEmpty();
    rmSync(dirname(this.address.path), { recursive: true, force: true });
  }

  #createEngine(config: Config): Engine {
    const { log } = this.#options;
    return new Engine({
      program: new Program(new Map(), []),
      limits: innerLimits(config),
      timeouts: engineTimeouts(config),
      traffic: this.#traffic,
      dial: originDialler(config.timeouts.connect, this.#names.of(config).cache),
      onFault: (cause) => log('error', { err: cause, door: NAME }, 'an exchange failed inside Sluice'),
    });
  }

  async #listen(engine: Engine): Promise<void> {
    if (this.#listener !== null) return;
    mkdirSync(dirname(this.address.path), { mode: 0o700 });
    this.#listener = new HttpListener({
      address: { path: this.address.path },
      maxConnections: Number.MAX_SAFE_INTEGER,
      reusePort: false,
      serving: {
        serveHttp1: (socket, first) => engine.serve(socket, first, ''),
        serveHttp2: (socket) => socket.destroy(),
        refused: () => {},
        handshakeEnded: () => {},
      },
      settings: { tls: null, http2: false, proxyPeers: [], proxyTimeoutMs: 0 },
    });
    await this.#listener.start();
  }
}

/** Our own fields come on top of what a client may send. */
function innerLimits(config: Config): ReturnType<typeof engineLimits> {
  const limits = engineLimits(config);
  const { request } = limits;
  const room = { maxHeadBytes: request.maxHeadBytes + 4096, maxFields: request.maxFields + 8 };
  return { ...limits, request: { ...request, ...room } };
}
