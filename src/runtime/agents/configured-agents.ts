// What the configuration says of agents, as their service goes by it. Rule: `claude` and `codex` are there in any case; a kind of the
// configuration with one of these names takes their place.
import type { AgentKindConfig, AgentsConfig } from '../../config/schema/agents.ts';
import type { AgentKind } from '../../services/agents/agent-kind.ts';
import type { AgentSettings } from '../../services/agents/agent-settings.ts';
import { claudeKind } from '../../services/agents/kinds/claude.ts';
import { codexKind } from '../../services/agents/kinds/codex.ts';
import { configuredKind } from '../../services/agents/kinds/configured.ts';

const BUILT_IN = { claude: claudeKind, codex: codexKind } as const;

type BuiltIn = keyof typeof BUILT_IN;

export function agentSettings(agents: AgentsConfig): AgentSettings {
  const builtIn = Object.entries(BUILT_IN).map(([name, make]) => {
    return make({ name, program: name, args: [], subscription: false });
  });
  const configured = Object.entries(agents.kinds).map(([name, kind]) => kindOf(name, kind));
  return {
    kinds: new Map([...builtIn, ...configured].map((kind) => [kind.name, kind])),
    env: new Map(Object.entries(agents.kinds).map(([name, { env }]) => [name, env])),
    defaultKind: agents.default,
    maxConcurrent: agents.max_concurrent,
    maxQueued: agents.max_queued,
    timeoutMs: agents.timeout,
    silenceMs: agents.silence,
    lingerMs: agents.linger,
    keepMs: agents.keep,
    maxOutputBytes: agents.max_output,
    workspace: agents.workspace,
    isPerUser: agents.per_user,
  };
}

function kindOf(name: string, config: AgentKindConfig): AgentKind {
  const { like, command, args, subscription } = config;
  const known = like ?? (isBuiltIn(name) ? name : null);
  if (known !== null) return BUILT_IN[known]({ name, program: command ?? known, args, subscription });
  const { prompt, resume, model, events } = config;
  const { cache_read: cacheRead, cache_write: cacheWrite, ...tokens } = events.tokens;
  return configuredKind({
    name,
    program: command ?? name,
    args,
    subscription,
    prompt,
    resume,
    model,
    events: {
      ...events,
      tokens: {
        ...tokens,
        cacheRead,
        cacheWrite,
      },
    },
  });
}

function isBuiltIn(name: string): name is BuiltIn {
  return name in BUILT_IN;
}
