// Section agents: the coding agents that the gateway runs. Rule: what an agent may do, and what it sees of our environment, is said here
// and never by a request.

import { z } from 'zod';
import { count, duration, filePath, identifier, nonEmptyText, size } from './fields.ts';

/** Where something stands in a line that an agent prints: keys with dots between. */
type EventPath = string | null;

export interface AgentTokenPaths {
  readonly input: EventPath;
  readonly output: EventPath;
  readonly cache_read: EventPath;
  readonly cache_write: EventPath;
}

export interface AgentEventPaths {
  readonly session: EventPath;
  readonly model: EventPath;
  readonly error: EventPath;
  readonly cost: EventPath;
  readonly tokens: AgentTokenPaths;
  /** The `type` of the line with which an answer is complete. */
  readonly end: string | null;
}

export interface AgentKindConfig {
  /** null = the built-in one of that name, or none. */
  readonly like: 'claude' | 'codex' | null;
  /** null = as the built-in one has it. */
  readonly command: string | null;
  readonly args: readonly string[];
  readonly subscription: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly prompt: 'stdin' | 'argument' | 'messages';
  readonly resume: readonly string[];
  readonly model: readonly string[];
  readonly events: AgentEventPaths;
}

export interface AgentsConfig {
  readonly enabled: boolean;
  readonly default: string;
  readonly max_concurrent: number;
  readonly max_queued: number;
  /** Milliseconds, as all times here. */
  readonly timeout: number;
  readonly silence: number;
  readonly linger: number;
  readonly keep: number;
  /** Bytes. */
  readonly max_output: number;
  readonly workspace: string;
  readonly per_user: boolean;
  readonly allowed_hosts: readonly string[];
  readonly kinds: Readonly<Record<string, AgentKindConfig>>;
}

function eventPath(what: string): z.ZodType<EventPath> {
  return z
    .string()
    .regex(/^[^.\s]+(?:\.[^.\s]+)*$/, 'expected keys with dots between, such as usage.input_tokens')
    .nullable()
    .prefault(null)
    .describe(what);
}

const tokens: z.ZodType<AgentTokenPaths> = z.strictObject({
  input: eventPath('Tokens that were sent, without those of the cache.'),
  output: eventPath('Tokens of the answer.'),
  cache_read: eventPath('Tokens that were read from a cache.'),
  cache_write: eventPath('Tokens that were written to a cache.'),
});

const events: z.ZodType<AgentEventPaths> = z.strictObject({
  session: eventPath('The session, by which a later run can go on.').meta({ samples: ['session_id'] }),
  model: eventPath('The model.'),
  error: eventPath('What went wrong: a text, or `true`.').meta({ samples: ['error.message'] }),
  cost: eventPath('What it has cost so far, in US dollars.').meta({ samples: ['total_cost_usd'] }),
  tokens: tokens.prefault({}).describe('What an answer has used. Several lines that say so are added up.'),
  end: nonEmptyText()
    .nullable()
    .prefault(null)
    .describe('The `type` of the line that completes an answer. Without it, a run is well when its exit code is 0.')
    .meta({ samples: ['result'] }),
});

const argumentList = z.array(z.string());

const agentKind: z.ZodType<AgentKindConfig> = z.strictObject({
  like: z
    .enum(['claude', 'codex'])
    .nullable()
    .prefault(null)
    .describe('The built-in kind that this one is, under another name. The keys from `prompt` on are then not used.'),
  command: nonEmptyText()
    .nullable()
    .prefault(null)
    .describe('The program: a path, or a name that is looked up in PATH. `null`: that of the built-in kind.')
    .meta({ samples: ['${CLAUDE_CLI_PATH:-claude}'] }),
  args: argumentList
    .prefault([])
    .describe('Arguments before those that Sluice adds. What the agent may do is said here, such as a permission mode.')
    .meta({ samples: [['--permission-mode', 'acceptEdits']] }),
  subscription: z
    .boolean()
    .prefault(false)
    .describe('Let the program use its own login; API keys are kept out of its environment.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'), z.string())
    .prefault({})
    .describe('Variables that the agent sees, beside PATH, HOME, LANG, TERM and what Sluice sets. Nothing else is.')
    .meta({ samples: [{ GITHUB_TOKEN: '${GITHUB_TOKEN}' }], writeOnly: true }),
  prompt: z
    .enum(['stdin', 'argument', 'messages'])
    .prefault('stdin')
    .describe(
      'How the prompt is given: as its input, as the last argument after `--`, or as JSON messages line by line, as Claude Code takes them; then more may follow.',
    ),
  resume: argumentList
    .prefault([])
    .describe('Arguments by which a session is resumed; `{session}` stands for it.')
    .meta({ samples: [['--resume', '{session}']] }),
  model: argumentList
    .prefault([])
    .describe('Arguments by which a model is chosen; `{model}` stands for it.')
    .meta({ samples: [['--model', '{model}']] }),
  events: events.prefault({}).describe('Where something stands in the lines that it prints, which are JSON.'),
});

export const agentsSchema: z.ZodType<AgentsConfig> = z
  .strictObject({
    enabled: z.boolean().prefault(false).describe('Answer `/agent/*`.'),
    default: identifier().prefault('claude').describe('The kind of agent for requests that do not name one.'),
    max_concurrent: count(1000).prefault(4).describe('The most agents that run at once.'),
    max_queued: count(100_000).prefault(100).describe('The most that wait for their turn. Those beyond are refused.'),
    timeout: duration().prefault('30m').describe('An agent that takes longer is stopped.'),
    silence: duration().prefault('15m').describe('An agent that prints nothing for so long is stopped.'),
    linger: duration({ min: '0s' })
      .prefault('0s')
      .describe('How long an agent that has answered waits for another message, unless the request says it.'),
    keep: duration({ min: '1h', max: '3650d' })
      .prefault('30d')
      .describe('How long it is kept what an agent has printed, in `process.data_dir`.'),
    max_output: size().prefault('1GiB').describe('An agent that prints more is stopped.'),
    workspace: filePath()
      .prefault('.')
      .describe('The folder where agents run. The `cwd` of a request must lie inside.'),
    per_user: z
      .boolean()
      .prefault(true)
      .describe('Users have a folder each in `workspace`, by their names. `false`: they share it.'),
    allowed_hosts: z
      .array(nonEmptyText())
      .prefault([])
      .describe('Names by which agents may be asked for where there are no users, beside those of this machine.')
      .meta({ samples: [['devbox.local']] }),
    kinds: z
      .record(identifier(), agentKind)
      .prefault({})
      .describe('Kinds of agents by name. `claude` and `codex` are built in and may be changed here.')
      .meta({ samples: [{ claude: { command: '${CLAUDE_CLI_PATH:-claude}', args: [] } }] }),
  })
  .prefault({})
  .describe('Coding agents behind the gateway: `/agent/*`.');
