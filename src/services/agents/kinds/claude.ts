// Claude Code as an agent. Rule: it takes its prompts as JSON messages, so that none is an option or a command; what it may do is said by
// the configuration, and nothing of the folder where it runs is taken for settings.
import type { AgentFacts, AgentKind, GatewayAccess, JsonObject } from '../agent-kind.ts';
import { listAt, numberAt, sumOfTokens, textAt, tokensAt, type TokenPaths, valueAt } from '../event-values.ts';

export interface ClaudeOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly subscription: boolean;
}

/** In this form it prints nothing without `--verbose`. */
const ALWAYS = [
  '-p',
  '--output-format',
  'stream-json',
  '--input-format',
  'stream-json',
  '--verbose',
  '--disable-slash-commands',
  '--setting-sources',
  'user',
  '--strict-mcp-config',
];
const TOKENS: TokenPaths = {
  input: 'usage.input_tokens',
  output: 'usage.output_tokens',
  cacheRead: 'usage.cache_read_input_tokens',
  cacheWrite: 'usage.cache_creation_input_tokens',
};
/** What it calls the model of an answer that it has made up itself. */
const NO_MODEL = '<synthetic>';

export function claudeKind({ name, program, args, subscription }: ClaudeOptions): AgentKind {
  return {
    name,
    program,
    oldestVersion: '2.0.0',
    provider: 'claude',
    usesSubscription: subscription,
    takesMessages: true,
    saysEnd: true,
    countsSession: ['cost'],
    command: ({ prompt, session, model }, gateway) => ({
      args: [
        ...args,
        ...ALWAYS,
        ...(model === '' ? [] : ['--model', model]),
        ...(session === '' ? [] : ['--resume', session]),
      ],
      env: { DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', ...gatewayEnv(gateway) },
      input: userMessage(prompt),
    }),
    message: userMessage,
    read,
  };
}

function gatewayEnv(gateway: GatewayAccess | null): Record<string, string> {
  if (gateway === null) return {};
  const { url, token, keepsLogin } = gateway;
  return {
    ANTHROPIC_BASE_URL: url,
    ...(keepsLogin ? { ANTHROPIC_CUSTOM_HEADERS: `X-Sluice-Token: ${token}` } : { ANTHROPIC_AUTH_TOKEN: token }),
  };
}

/** As its input takes it, a line each. What begins with a slash is a command to it, and what begins with a space is none. */
export function userMessage(prompt: string): Buffer {
  const text = prompt.startsWith('/') ? ` ${prompt}` : prompt;
  const message = { role: 'user', content: [{ type: 'text', text }] };
  return Buffer.from(`${JSON.stringify({ type: 'user', message, parent_tool_use_id: null, session_id: '' })}\n`);
}

function read(event: JsonObject, facts: AgentFacts): void {
  switch (event['type']) {
    case 'system':
      if (event['subtype'] !== 'init') break;
      facts.session = textAt(event, 'session_id') || facts.session;
      facts.model = textAt(event, 'model') || facts.model;
      break;
    case 'assistant':
      if (textAt(event, 'message.model') === NO_MODEL) facts.reason = textOf(event) || textAt(event, 'error');
      break;
    case 'result':
      readResult(event, facts);
      break;
  }
}

/** There may be several: one for each message, and more where something goes on behind an answer. */
function readResult(event: JsonObject, facts: AgentFacts): void {
  facts.answers += 1;
  facts.session = textAt(event, 'session_id') || facts.session;
  facts.tokens = sumOfTokens(facts.tokens, tokensAt(event, TOKENS));
  // Of all answers of the session.
  facts.cost = numberAt(event, 'total_cost_usd') ?? facts.cost;
  const denials = listAt(event, 'permission_denials');
  if (event['subtype'] !== 'success' || event['is_error'] !== false) {
    facts.verdict = 'error';
    facts.reason = listAt(event, 'errors').join(' ') || textAt(event, 'result') || textAt(event, 'subtype');
  } else if (denials.length > 0) {
    facts.verdict = 'denied';
    facts.reason = `It was not allowed to use ${toolsOf(denials)}.`;
  } else {
    facts.verdict = 'ok';
    facts.reason = '';
  }
}

function toolsOf(denials: readonly unknown[]): string {
  const names = denials.map((denial) => textAt({ denial }, 'denial.tool_name')).filter((name) => name !== '');
  return [...new Set(names)].join(', ') || 'a tool';
}

function textOf(event: JsonObject): string {
  const content = valueAt(event, 'message.content');
  const blocks = Array.isArray(content) ? content : [];
  return blocks.map((block: unknown) => textAt({ block }, 'block.text')).join('');
}
