// The agents of this process, on the main thread: opened when the configuration asks for them, and closed with all that runs. Rule: nothing is
// on disk before they are switched on; a reload changes what starts from then on, and ends nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { AgentService } from '../../services/agents/agent-service.ts';
import { OtherAgents, type OtherAgentsOptions } from '../../services/agents/other-agents.ts';
import type { SharedRuns } from '../../services/agents/shared-runs.ts';
import type { AgentRunRow } from '../../services/agents/agent-settings.ts';
import type { ProcessSupervisor } from '../../services/processes/process-supervisor.ts';
import { AgentEvents } from '../../state/agent-events.ts';
import { agentFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { succession } from '../../transport/port-sharing.ts';
import type { DoorStatus } from '../doors/door.ts';
import { openAgentGateway } from './agent-gateway.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import { AgentShare } from './agent-share.ts';
import { agentSettings } from './configured-agents.ts';

export interface AgentDeskOptions {
  /** null: nothing is kept beyond this process. */
  readonly dataDir: string | null;
  readonly supervisor: Pick<ProcessSupervisor, 'start'>;
  readonly recorder: MetricsRecorder;
  readonly log: ThreadLog;
  /** Ours, of which agents see little. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class AgentDesk {
  /** For all threads. */
  readonly share: AgentShare = new AgentShare();
  readonly #options: AgentDeskOptions;
  #service: AgentService | null = null;
  #runs: SharedRuns | null = null;
  #others: OtherAgents | null = null;
  #config: Config | null = null;
  #closing: Promise<void> = Promise.resolve();
  #doors: () => readonly DoorStatus[] = () => [];

  constructor(options: AgentDeskOptions) {
    this.#options = options;
  }

  /** null: agents are switched off. */
  get service(): AgentService | null {
    return this.#service;
  }

  /** From here on runs are told to other nodes, and theirs are found; where nodes have doors for each other, also by asking there. */
  shareRuns(runs: SharedRuns, wayTo: OtherAgentsOptions['wayTo'] = null): void {
    this.#runs = runs;
    this.#others = new OtherAgents({ runs, wayTo });
  }

  /** Those of all other nodes; null: this one is alone. */
  get others(): OtherAgents | null {
    return this.#others;
  }

  /** What people call this node. */
  get nodeName(): string {
    return this.#runs?.name ?? `${hostname()}:${process.pid}`;
  }

  /** As nodes call it; empty: it is alone. */
  get nodeId(): string {
    return this.#runs?.node ?? '';
  }

  /** As they really listen, when they do. */
  knowDoors(doors: () => readonly DoorStatus[]): void {
    this.#doors = doors;
  }

  /** Before this configuration comes into force: what it needs is there. */
  async prepare(config: Config): Promise<void> {
    if (!config.agents.enabled || this.#service !== null) return;
    await this.#closing;
    this.#config ??= config;
    this.#service = this.#open(config);
  }

  /** It has come into force. */
  follow(config: Config): void {
    this.#config = config;
    const service = this.#service;
    if (config.agents.enabled) service?.configure(agentSettings(config.agents));
    else void this.stop();
  }

  /** The Sluice before this one has ended. */
  inherit(): void {
    this.#service?.inherit();
  }

  /** Resolves when nothing runs any more and all is stored. */
  stop(): Promise<void> {
    const service = this.#service;
    this.#service = null;
    if (service !== null) this.#closing = service.close();
    return this.#closing;
  }

  /** The same, for good. */
  close(): Promise<void> {
    this.#others?.rest();
    return this.stop();
  }

  #open(config: Config): AgentService {
    const { dataDir, supervisor, log, env } = this.#options;
    const { share } = this;
    const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-agents-'));
    const temporaryFolder = join(folder, 'agents-tmp');
    const isBesideAnother = succession.isUnderWay;
    // What runs that were cut off have left.
    if (!isBesideAnother) rmSync(temporaryFolder, { recursive: true, force: true });
    return new AgentService({
      events: new AgentEvents(join(folder, 'agents.db')),
      settings: agentSettings(config.agents),
      isBesideAnother,
      log,
      surroundings: {
        startProcess: (spec, events) => supervisor.start(spec, events),
        temporaryFolder,
        ownEnv: env,
        openGateway: (kind, user) => {
          const { tokens } = share;
          return openAgentGateway(kind, user, { config: this.#config ?? config, doors: this.#doors(), tokens });
        },
        onEnd: (run) => this.#count(run),
        onStored: (run, events) => this.#runs?.note(run, events),
        onCount: (running) => {
          share.active = running;
        },
      },
    });
  }

  #count({ kind, status, tokens }: AgentRunRow): void {
    const { recorder } = this.#options;
    const families = agentFamilies(recorder, { kind });
    const add = (slot: number, count: number): void => {
      recorder.slots[slot] = (recorder.slots[slot] ?? 0) + count;
    };
    add(families.ended(status), 1);
    if (tokens === null) return;
    add(families.tokens('input'), tokens.input);
    add(families.tokens('output'), tokens.output);
    add(families.tokens('cache_read'), tokens.cacheRead);
    add(families.tokens('cache_write'), tokens.cacheWrite);
  }
}
