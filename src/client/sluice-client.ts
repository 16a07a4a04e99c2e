// What `import { SluiceClient } from 'sluice/client'` gives: agents and commands of a running Sluice, from Node and from browsers. Rule: it is
// no part of the program, and the program is no part of it.
import { AgentsClient } from './agents-client.ts';
import { ClientConnection, type SluiceClientOptions } from './client-connection.ts';
import { linesOf } from './text-lines.ts';

export type {
  Agent,
  AgentEvent,
  AgentRequest,
  AgentsClient,
  AgentStarted,
  AgentStatus,
  BatchEvent,
  BatchRequest,
  ListQuestion,
  StreamOptions,
} from './agents-client.ts';
export { type SluiceClientOptions, SluiceRequestError } from './client-connection.ts';

export interface ExecRequest {
  /** As `exec.allowed_commands` has it. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** In seconds. */
  readonly timeout?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly duration_ms: number;
}

export type ExecEvent =
  | {
      readonly type: 'stdout' | 'stderr';
      readonly data: string;
      /** It is no text. */
      readonly encoding?: 'base64';
    }
  | {
      readonly type: 'exit';
      readonly code: number | null;
      readonly signal: string | null;
      readonly duration_ms: number;
    };

export class SluiceClient {
  readonly agents: AgentsClient;
  readonly #connection: ClientConnection;

  constructor(options: SluiceClientOptions = {}) {
    this.#connection = new ClientConnection(options);
    this.agents = new AgentsClient(this.#connection);
  }

  /** Runs a command and resolves when it has ended. */
  exec(request: ExecRequest, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ExecResult> {
    return this.#connection.json({
      method: 'POST',
      path: '/cli/execute',
      body: { ...request, stream: false },
      signal,
    });
  }

  /** Runs a command and tells what it prints as it comes. Whoever reads no further stops it. */
  async *execStream(
    request: ExecRequest,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ExecEvent, void, void> {
    const asked = { method: 'POST', path: '/cli/execute', body: { ...request, stream: true }, signal } as const;
    for await (const line of linesOf(this.#connection.text(asked))) {
      if (line.trim() !== '') yield JSON.parse(line) as ExecEvent;
    }
  }
}
