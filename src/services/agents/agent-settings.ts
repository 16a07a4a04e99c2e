// What the service of agents goes by, and what it is asked for. Types only.
import type { AgentEvent, AgentRunRow } from '../../state/agent-events.ts';
import type { RunEvents, RunningProcess, RunSpec } from '../processes/run-spec.ts';
import type { AgentKind, GatewayAccess } from './agent-kind.ts';

export type { AgentRunRow, AgentStatus } from '../../state/agent-events.ts';

export interface AgentSettings {
  readonly kinds: ReadonlyMap<string, AgentKind>;
  /** Of each kind, as configured. */
  readonly env: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly defaultKind: string;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly timeoutMs: number;
  readonly silenceMs: number;
  readonly lingerMs: number;
  readonly keepMs: number;
  readonly maxOutputBytes: number;
  readonly workspace: string;
  readonly isPerUser: boolean;
}

export interface AgentRequest {
  readonly prompt: string;
  /** Empty texts, and null: as configured, or none. */
  readonly session: string;
  readonly model: string;
  readonly kind: string;
  readonly cwd: string;
  readonly timeoutMs: number | null;
  readonly lingerMs: number | null;
}

/** Whose runs somebody may see and stop; null: those of all. */
export type Viewer = string | null;

/** The way to a provider, given back when the run is over. */
export interface OpenGateway {
  readonly access: GatewayAccess;
  close(): void;
}

/** What runs need of the rest of the program. */
export interface AgentSurroundings {
  readonly startProcess: (spec: RunSpec, events: RunEvents) => RunningProcess;
  /** Where runs have a folder each for what is temporary. */
  readonly temporaryFolder: string;
  /** Our environment, of which agents see little. */
  readonly ownEnv: Readonly<Record<string, string | undefined>>;
  /** Through our own gateway; null: there is none for this kind. */
  readonly openGateway: (kind: AgentKind, user: string) => OpenGateway | null;
  readonly onEnd: (run: AgentRunRow) => void;
  /** What a run has said is stored; the run is as it is now. */
  readonly onStored?: (run: AgentRunRow, events: readonly AgentEvent[]) => void;
  /** How many run now. */
  readonly onCount: (running: number) => void;
}
