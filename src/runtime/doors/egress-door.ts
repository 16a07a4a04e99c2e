// The forward proxy of one thread: HTTP and SOCKS. Rule: what it knows of its clients stays with it; servers and proxies on the way
// are told nothing.
import { asksForUsers } from '../../config/checks/doors.ts';
import type { Config } from '../../config/config.ts';
import type { Program } from '../../engine/program.ts';
import type { OwnDoors } from '../../services/rules/own-doors.ts';
import { createServerContexts } from '../../transport/tls-context.ts';
import { engineLimits } from '../assemble/assemble.ts';
import { egressProgram } from '../assemble/assemble-egress.ts';
import type { Dns } from '../assemble/configured-dns.ts';
import type { WantedListener } from './door-listeners.ts';
import { EngineDoor, type EngineManners, type ListenerFrame } from './engine-door.ts';
import { SessionBindings } from '../hops/hop-sessions.ts';
import { sharedBindings } from '../nodes/sessions-of-nodes.ts';
import { serverTls } from '../assemble/pem-files.ts';
import { MixedListener, type MixedServing, type MixedSettings } from '../registry.ts';
import type { ThreadContext } from '../threads/thread-context.ts';

export class EgressDoor extends EngineDoor<MixedSettings> {
  private readonly ownDoors: OwnDoors;
  private readonly bindings: SessionBindings;

  constructor(context: ThreadContext, ownDoors: OwnDoors, config: Config) {
    super('egress', context, config);
    this.ownDoors = ownDoors;
    this.bindings = new SessionBindings(sharedBindings(context, config.process.state));
  }

  /** What clients send to servers elsewhere is not ours to measure: bodies may be of any size. */
  protected override mannersOf(config: Config): EngineManners {
    const limits = { ...engineLimits(config), maxBodyBytes: Number.MAX_SAFE_INTEGER };
    return { limits, http2InTheClear: false, forwarding: 'none', forwardedCertificate: 'none' };
  }

  protected override wanted(config: Config): WantedListener<MixedSettings>[] {
    const settings = this.settingsOf(config);
    return config.egress.listen.map((address) => ({ address, settings }));
  }

  protected override createProgram(config: Config, { cache: dns }: Dns): Program {
    const { context, ownDoors, traffic, bindings } = this;
    return egressProgram(config, { context, ownDoors, traffic, bindings, dns });
  }

  protected override createListener(frame: ListenerFrame, settings: MixedSettings): MixedListener {
    const { engine, traffic } = this;
    const serving: MixedServing = {
      serveHttp: (connection, bytes, from, to) => {
        engine.serveConnection(connection);
        connection.handler.onData(bytes, from, to);
      },
      serveTunnel: engine.serveTunnel.bind(engine),
      refused: () => traffic.refused(),
      handshakeEnded: traffic.handshakeEnded.bind(traffic),
    };
    return new MixedListener({ ...frame, serving, settings });
  }

  private settingsOf(config: Config): MixedSettings {
    const { egress, timeouts } = config;
    const tls = egress.tls === null ? null : serverTls(egress.tls, this.context.ticketKeys);
    // A certificate that does not fit its key is found by making use of them.
    if (tls !== null) createServerContexts(tls);
    return { tls, requiresLogin: asksForUsers(config), timeoutMs: timeouts.headers };
  }
}
