// Codex as an agent. Rule: it gets the prompt on its input, which is closed then, because it waits for ever on an open one; its tools
// see the core of its environment only.
import type { AgentFacts, AgentKind, GatewayAccess, JsonObject } from '../agent-kind.ts';
import { numberAt, textAt } from '../event-values.ts';
import type { ClaudeOptions } from './claude.ts';

/** Nothing is asked for that is not needed: without these it also talks with other hosts, and ends seconds later. */
const ALWAYS = [
  '--json',
  '--skip-git-repo-check',
  '-c',
  'analytics.enabled=false',
  '-c',
  'check_for_update_on_startup=false',
  '-c',
  'shell_environment_policy.inherit=core',
  '--disable',
  'plugins',
  '--disable',
  'apps',
];
/** It looks there for the token of a provider of that name. */
const TOKEN_VARIABLE = 'SLUICE_AGENT_TOKEN';

export function codexKind({ name, program, args, subscription }: ClaudeOptions): AgentKind {
  return {
    name,
    program,
    oldestVersion: '0.100.0',
    provider: 'chatgpt',
    usesSubscription: subscription,
    takesMessages: false,
    saysEnd: true,
    countsSession: ['tokens'],
    command: ({ prompt, session, model }, gateway) => ({
      args: [
        'exec',
        ...args,
        ...ALWAYS,
        ...gatewayArgs(gateway),
        ...(model === '' ? [] : ['--model', model]),
        ...(session === '' ? [] : ['resume', session]),
        '-',
      ],
      env: gateway === null ? {} : { [TOKEN_VARIABLE]: gateway.token },
      input: Buffer.from(prompt),
    }),
    message: (text) => Buffer.from(text),
    read,
  };
}

/** They only name the variable in which the token stands. */
function gatewayArgs(gateway: GatewayAccess | null): string[] {
  if (gateway === null) return [];
  const settings = {
    name: 'Sluice',
    base_url: gateway.url,
    wire_api: 'responses',
    ...(gateway.keepsLogin ? { requires_openai_auth: true } : { env_key: TOKEN_VARIABLE }),
  };
  const told = Object.entries(settings).map(([key, value]) => `model_providers.sluice.${key}=${JSON.stringify(value)}`);
  const field = `model_providers.sluice.env_http_headers={ "X-Sluice-Token" = "${TOKEN_VARIABLE}" }`;
  const all = [...told, ...(gateway.keepsLogin ? [field] : []), 'model_provider="sluice"'];
  return all.flatMap((setting) => ['-c', setting]);
}

function read(event: JsonObject, facts: AgentFacts): void {
  switch (event['type']) {
    case 'thread.started':
      facts.session = textAt(event, 'thread_id') || facts.session;
      break;
    case 'turn.completed':
      facts.answers += 1;
      facts.verdict = 'ok';
      facts.reason = '';
      facts.tokens = tokensOf(event) ?? facts.tokens;
      break;
    case 'turn.failed':
      facts.answers += 1;
      facts.verdict = 'error';
      facts.reason = textAt(event, 'error.message') || facts.reason;
      break;
    case 'error':
      // Also what it is about to try again.
      facts.reason = textAt(event, 'message');
      break;
  }
}

/** Of the whole session, as it counts; those of the cache are among those of the input. */
function tokensOf(event: JsonObject): AgentFacts['tokens'] {
  const input = numberAt(event, 'usage.input_tokens');
  if (input === null) return null;
  const cacheRead = numberAt(event, 'usage.cached_input_tokens') ?? 0;
  const cacheWrite = numberAt(event, 'usage.cache_write_input_tokens') ?? 0;
  const output = numberAt(event, 'usage.output_tokens') ?? 0;
  return { input: Math.max(0, input - cacheRead - cacheWrite), output, cacheRead, cacheWrite };
}
