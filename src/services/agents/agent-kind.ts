// What kinds of agents have to know: how one is started, and what its lines mean. Rule: a prompt, a session and a model are
// data; none of them can become an option of the program.
import type { AgentTokens } from '../../state/agent-events.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What an agent is asked for. Empty texts: none. */
export interface AgentTask {
  readonly prompt: string;
  readonly session: string;
  readonly model: string;
}

/** The way to the provider through our own AI gateway, for one run. */
export interface GatewayAccess {
  readonly url: string;
  /** Good for this run only. It stands in the environment, never among the arguments. */
  readonly token: string;
  /** The gateway passes on the agent's own login: the token only says whose run it is. */
  readonly keepsLogin: boolean;
}

export interface AgentCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Written to its input at once. */
  readonly input: Buffer | null;
}

/** What the lines of a run have told so far. */
export interface AgentFacts {
  session: string;
  model: string;
  tokens: AgentTokens | null;
  cost: number | null;
  /** Of the last answer; null as long as there is none. */
  verdict: 'ok' | 'error' | 'denied' | null;
  /** Why it is an error, or what may become one. */
  reason: string;
  /** How many answers are complete. */
  answers: number;
}

export interface AgentKind {
  readonly name: string;
  /** A path, or a name that is looked up in PATH. */
  readonly program: string;
  /** The first version that has all that is asked of it; null: nobody knows, and it is not asked. */
  readonly oldestVersion: string | null;
  /** The provider whose place the gateway takes; null: it is asked for nothing by this kind. */
  readonly provider: 'claude' | 'chatgpt' | null;
  /** Uses its own login: keys are kept out of its environment. */
  readonly usesSubscription: boolean;
  /** More messages may follow on its input while it runs. */
  readonly takesMessages: boolean;
  /** It says by a line of its own when an answer is complete: without one, it has not answered. */
  readonly saysEnd: boolean;
  /** What it counts from the beginning of the session on, and not of the run. */
  readonly countsSession: readonly ('tokens' | 'cost')[];
  command(task: AgentTask, gateway: GatewayAccess | null): AgentCommand;
  /** A message that follows, as a line for its input. */
  message(text: string): Buffer;
  read(event: JsonObject, facts: AgentFacts): void;
}

export function noFacts(): AgentFacts {
  return { session: '', model: '', tokens: null, cost: null, verdict: null, reason: '', answers: 0 };
}
