// Opens connections to other nodes. Rule: nothing is said on them before both sides have proved that they belong together.
import type { OriginDialEvents } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Dial } from '../../engine/origin-pool.ts';
import { greetNode } from '../../services/tunnels/node-handshake.ts';

/** `failed`: what stands there is no node of ours. */
export function greetedDial(dial: Dial, secret: string, failed: (node: string, why: string) => void): Dial {
  return (origin, events, proxyHeader, timeoutMs) => {
    const greeting: OriginDialEvents = {
      failed: (error) => events.failed(error),
      connected: (connection, timings) => {
        greetNode(connection, secret, {
          agreed: () => events.connected(connection, timings),
          failed: (why) => {
            failed(origin.name, why);
            events.failed(new SluiceError('upstream_unreachable', { message: `${origin.name}: ${why}` }));
          },
        });
      },
    };
    dial(origin, greeting, proxyHeader, timeoutMs);
  };
}
