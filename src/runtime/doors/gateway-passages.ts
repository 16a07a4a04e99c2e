// What of the TLS at the gateway is not ended here, by the configuration in force. Rule: what goes through already is not asked again.
import type net from 'node:net';
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import type { Config } from '../../config/config.ts';
import type { PassRoutes } from '../../services/passthrough/pass-routes.ts';
import { type PassGuard, Passages, type PassagesSettings } from '../../services/passthrough/passages.ts';
import { type PassthroughFamilies, passthroughFamilies } from '../../telemetry/passthrough-families.ts';
import { passRoutes } from '../assemble/assemble-passthrough.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import type { ThreadContext } from '../threads/thread-context.ts';
import { tlsSocketBeside } from '../tunnels/tls-desk.ts';

type Parts = Pick<ThreadContext, 'recorder' | 'tunnelSocket'>;

export class GatewayPassages {
  readonly #parts: Parts;
  readonly #guard: PassGuard | null;
  readonly #names = new ConfiguredDns();
  readonly #passages: Passages;
  #routes: PassRoutes;
  #families: PassthroughFamilies | null = null;

  /** Nothing goes through to a door of the control plane, which `guard` knows. */
  constructor(parts: Parts, config: Config, guard: PassGuard | null = null) {
    this.#parts = parts;
    this.#guard = guard;
    this.#routes = passRoutes(config);
    const { slots } = parts.recorder;
    const add = (slot: number): void => {
      slots[slot] = (slots[slot] ?? 0) + 1;
    };
    this.#passages = new Passages(this.#settings(config), {
      noted: (outcome) => add((this.#families ??= passthroughFamilies(parts.recorder)).connections(outcome)),
      changed: (open) => {
        this.#families ??= passthroughFamilies(parts.recorder);
        slots[this.#families.open] = open;
      },
    });
  }

  configure(config: Config): void {
    this.#routes = passRoutes(config);
    this.#passages.configure(this.#settings(config));
  }

  /** True: it goes through as it is. */
  pass(serverName: string, socket: net.Socket, first: Buffer, ends: ProxiedEnds | null): boolean {
    const route = this.#routes.find(serverName);
    if (route !== null) this.#passages.begin(route, socket, first, ends);
    return route !== null;
  }

  untilEmpty(): Promise<void> {
    return this.#passages.untilEmpty();
  }

  close(): void {
    this.#passages.close();
  }

  #settings(config: Config): PassagesSettings {
    return {
      dns: this.#names.of(config).cache,
      connectMs: config.timeouts.connect,
      idleMs: config.timeouts.tunnel_idle,
      tunnelSocket: tlsSocketBeside(this.#parts.tunnelSocket),
      guard: this.#guard,
    };
  }
}
