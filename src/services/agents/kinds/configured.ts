// An agent that is not built in, as the configuration describes it. Rule: what stands in for a session or a model is one argument, whatever
// it holds.
import type { AgentFacts, AgentKind, AgentTask, JsonObject } from '../agent-kind.ts';
import { numberAt, sumOfTokens, textAt, tokensAt, type TokenPaths, valueAt } from '../event-values.ts';
import { userMessage } from './claude.ts';

export interface EventPaths {
  readonly session: string | null;
  readonly model: string | null;
  readonly error: string | null;
  readonly cost: string | null;
  readonly tokens: TokenPaths;
  readonly end: string | null;
}

export interface ConfiguredOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly subscription: boolean;
  readonly prompt: 'stdin' | 'argument' | 'messages';
  readonly resume: readonly string[];
  readonly model: readonly string[];
  readonly events: EventPaths;
}

export function configuredKind(options: ConfiguredOptions): AgentKind {
  const { name, program, subscription, prompt, events } = options;
  return {
    name,
    program,
    oldestVersion: null,
    provider: null,
    usesSubscription: subscription,
    takesMessages: prompt === 'messages',
    saysEnd: events.end !== null,
    countsSession: [],
    command: (task) => ({ args: argumentsOf(task, options), env: {}, input: inputOf(task, prompt) }),
    message: userMessage,
    read: (event, facts) => read(event, facts, events),
  };
}

function argumentsOf(task: AgentTask, { args, resume, model, prompt }: ConfiguredOptions): string[] {
  return [
    ...args,
    ...(task.model === '' ? [] : model.map((arg) => arg.replaceAll('{model}', () => task.model))),
    ...(task.session === '' ? [] : resume.map((arg) => arg.replaceAll('{session}', () => task.session))),
    ...(prompt === 'argument' ? ['--', task.prompt] : []),
  ];
}

function inputOf({ prompt }: AgentTask, how: ConfiguredOptions['prompt']): Buffer | null {
  if (how === 'argument') return null;
  return how === 'messages' ? userMessage(prompt) : Buffer.from(prompt);
}

function read(event: JsonObject, facts: AgentFacts, paths: EventPaths): void {
  if (paths.session !== null) facts.session = textAt(event, paths.session) || facts.session;
  if (paths.model !== null) facts.model = textAt(event, paths.model) || facts.model;
  if (paths.cost !== null) facts.cost = numberAt(event, paths.cost) ?? facts.cost;
  facts.tokens = sumOfTokens(facts.tokens, tokensAt(event, paths.tokens));
  const isEnd = paths.end !== null && event['type'] === paths.end;
  const fault = paths.error === null ? undefined : valueAt(event, paths.error);
  if (isEnd) {
    facts.answers += 1;
    facts.verdict = 'ok';
    facts.reason = '';
  }
  if (fault === true || (typeof fault === 'string' && fault !== '')) {
    facts.verdict = 'error';
    facts.reason = fault === true ? 'The agent says that it has failed.' : fault;
  }
}
