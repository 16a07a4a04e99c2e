// How this node asks others for something, by the door that they have for each other. Rule: a connection for each question, and nothing is said on it
// before both sides have proved that they have the same secret.
import type { Config } from '../../config/config.ts';
import type { NodeConfig } from '../../config/schema/node.ts';
import type { Origin, OriginDialEvents } from '../../contract/target.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import type { Dial } from '../../engine/origin-pool.ts';
import type { NodeWay } from '../../services/agents/node-call.ts';
import { agentNodeFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import type { NodeEntry } from '../../state/shared-state.ts';
import { nodeAt, spokenName } from '../registry.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import { greetedDial } from '../tunnels/greeted-dial.ts';

export interface WaysToNodesOptions {
  readonly node: Pick<NodeConfig, 'secret'>;
  readonly dial: Dial;
  readonly log: ThreadLog;
  /** Whether a node could be reached. */
  readonly counted?: (isReached: boolean) => void;
}

/** Nodes that have gone leave theirs behind. */
const MOST_ORIGINS = 1_000;

/** As the configuration has it at the start; null: nodes have no doors for each other. */
export function waysOf(
  config: Config,
  log: ThreadLog,
  recorder: MetricsRecorder,
): ReturnType<typeof waysToNodes> | null {
  const { node } = config.process;
  if (node === null) return null;
  const { slots } = recorder;
  const families = agentNodeFamilies(recorder);
  const counted = (isReached: boolean): void => {
    const slot = isReached ? families.reached : families.unreachable;
    slots[slot] = (slots[slot] ?? 0) + 1;
  };
  const dial = originDialler(config.timeouts.connect, new ConfiguredDns().of(config).cache);
  return waysToNodes({ node, dial, log, counted });
}

/** As others are told of a node. */
export function waysToNodes({ node, dial, log, counted = () => {} }: WaysToNodesOptions): (node: NodeEntry) => NodeWay {
  const origins = new Map<string, Origin>();
  const greeted = greetedDial(dial, node.secret, (address, reason) => {
    log('warn', { address, reason }, 'another node cannot be spoken to');
  });
  return ({ id, address }) => {
    if (origins.size >= MOST_ORIGINS) origins.clear();
    const origin = origins.get(address) ?? nodeAt(address);
    origins.set(address, origin);
    const dialled = (events: OriginDialEvents): void => {
      const told: OriginDialEvents = {
        connected: (connection, timings) => {
          counted(true);
          events.connected(connection, timings);
        },
        failed: (error) => {
          counted(false);
          events.failed(error);
        },
      };
      greeted(origin, told, null);
    };
    return { id, name: spokenName(address), dial: dialled };
  };
}
