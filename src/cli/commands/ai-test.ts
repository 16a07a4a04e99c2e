// `sluice ai test`: one small request to each provider of AI, through the door of the gateway that runs, as a client would send it. Rule: it
// asks what costs nothing unless a model is named, and tells what came of it and what to do.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import type { AiAccountAnswer, AiAccountsAnswer, ConfigAnswer, StatusAnswer } from '../../control/admin-answers.ts';
import { parseDuration } from '../../core/duration.ts';
import { SluiceError } from '../../core/errors.ts';
import { VERSION } from '../../runtime/version.ts';
import { type Probe, type ProbeResult, sendProbe } from '../ai-probe.ts';
import { type ProbedProvider, type Verdict, verdictOn } from '../ai-verdict.ts';
import { addConfigOption, findConfigFiles } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import { painter, printable } from '../terminal.ts';

interface TestOptions {
  readonly config?: readonly string[];
  readonly model?: string;
  readonly tokenFile?: string;
  readonly url?: string;
  readonly timeout: string;
  readonly json?: true;
}

type ProviderName = ProbedProvider['name'];

/** Of the configuration in force, as the admin API shows it. */
interface AiFacts {
  readonly enabled: boolean;
  readonly auth: 'users' | 'none';
  readonly providers: Readonly<
    Record<ProviderName, { readonly prefix: string; readonly base: string; readonly credentials: unknown }>
  >;
}

interface Tested {
  readonly provider: ProviderName;
  readonly request: string;
  readonly result: ProbeResult;
  readonly verdict: Verdict;
  readonly accounts: readonly string[];
}

const PROVIDERS: readonly ProviderName[] = ['claude', 'chatgpt'];
const COLOURS = { ok: 'green', reached: 'yellow', failed: 'red' } as const;
const REFUSALS = new Set(['unauthorized', 'forbidden']);

export function aiTestCommand(context: CliContext): Command {
  const command = new Command('test')
    .description('Send one small request to each provider of AI, through the gateway that runs.')
    .addArgument(new Argument('[PROVIDER]', 'only this one').choices(PROVIDERS))
    .option('--model <NAME>', 'ask this model for one token, in place of asking for the list of models')
    .option('--token-file <FILE>', 'the token of the user to ask as (default: SLUICE_AI_TOKEN, else from the config)')
    .option('--url <URL>', 'where the gateway is (default: as it says itself)')
    .option('--timeout <DURATION>', 'how long to wait for each answer', '60s')
    .option('--json', 'as JSON')
    .action(async (only: ProviderName | undefined, options: TestOptions) => {
      const tested = await test(only, options, context);
      context.stdout.write(`${options.json ? jsonOf(tested) : textOf(tested, context)}\n`);
      context.setExitCode(exitCodeOf(tested));
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory, and the token of a user');
  addExamples(command, [
    ['sluice ai test', 'are the providers reached, and do they accept us?'],
    ['sluice ai test claude --model claude-haiku-4-5', 'does a model answer? This costs a few tokens'],
    ['SLUICE_AI_TOKEN=… sluice ai test --json', 'as a user whose token is not in the config'],
  ]);
  return command;
}

async function test(only: ProviderName | undefined, options: TestOptions, context: CliContext): Promise<Tested[]> {
  if (options.model !== undefined && only === undefined) {
    throw new SluiceError('usage', { message: 'Whose model is it? sluice ai test claude --model …' });
  }
  const timeoutMs = parseDuration(options.timeout);
  if (!timeoutMs) throw new SluiceError('usage', { message: '--timeout: expected a duration, such as 30s' });
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(context, options.config);
  const { config } = await client.get<ConfigAnswer>('/api/v1/config');
  const facts = config['ai'] as AiFacts;
  if (!facts.enabled)
    throw new SluiceError('config_invalid', { message: 'ai.enabled is false: there is no provider.' });
  const gateway = options.url ?? gatewayOf(await client.get<StatusAnswer>('/api/v1/status'));
  const token = await tokenFor(facts, options, context);
  const { accounts } = await client.get<AiAccountsAnswer>('/api/v1/ai/accounts');
  const wanted = PROVIDERS.filter((name) => only === undefined || name === only);
  return Promise.all(
    wanted.map(async (name): Promise<Tested> => {
      const probe = probeFor(name, facts, { token, model: options.model ?? null, env: context.env });
      const result = await sendProbe(gateway, probe, timeoutMs);
      const verdict = verdictOn(result, providerOf(name, facts, context.env));
      const request = `${probe.method} ${probe.path}`;
      return { provider: name, request, result, verdict, accounts: idsOf(accounts, name) };
    }),
  );
}

function gatewayOf({ doors }: StatusAnswer): string {
  const door = doors.find(({ name }) => name === 'gateway');
  if (door !== undefined) return door.address;
  throw new SluiceError('config_invalid', { message: 'The gateway has no door: gateway.listen is null.' });
}

/** null: nobody is asked for one. */
async function tokenFor(facts: AiFacts, options: TestOptions, context: CliContext): Promise<string | null> {
  const { env, cwd } = context;
  if (options.tokenFile !== undefined) return readFileSync(resolve(cwd, options.tokenFile), 'utf8').trim();
  const given = env['SLUICE_AI_TOKEN'];
  if (given) return given;
  if (facts.auth === 'none') return null;
  const token = await tokenOfConfig(options.config, context);
  if (token !== undefined) return token;
  throw new SluiceError('usage', {
    message:
      'The token of a user who may "ai" is needed, and the config has none that can be read: put it into SLUICE_AI_TOKEN, or into a file for --token-file.',
  });
}

/** Of the first user who may; a config whose variables are not set here has none. */
async function tokenOfConfig(files: readonly string[] | undefined, context: CliContext): Promise<string | undefined> {
  const { loadConfig } = await import('../../config/load.ts');
  const { env, cwd } = context;
  try {
    const { config } = await loadConfig({ files: findConfigFiles(context, files), env, cwd });
    return config.users.find(({ may, token }) => may.includes('ai') && token !== null)?.token ?? undefined;
  } catch {
    return undefined;
  }
}

interface ProbeParts {
  readonly token: string | null;
  readonly model: string | null;
  readonly env: NodeJS.ProcessEnv;
}

function probeFor(name: ProviderName, facts: AiFacts, { token, model, env }: ProbeParts): Probe {
  const { prefix } = facts.providers[name];
  const headers = {
    'User-Agent': `sluice/${VERSION}`,
    Accept: 'application/json',
    ...(token !== null && { 'X-Sluice-Token': token }),
    ...(name === 'claude' && { 'anthropic-version': '2023-06-01' }),
    ...(isPassthrough(facts, name) && ownCredential(name, env)),
  };
  if (model === null) {
    const query = name === 'claude' ? '?limit=1' : isBackend(facts, name) ? `?client_version=${VERSION}` : '';
    return { method: 'GET', path: `${prefix}/v1/models${query}`, headers, body: null };
  }
  const path = `${prefix}/v1/${name === 'claude' ? 'messages' : 'responses'}`;
  const body = JSON.stringify(name === 'claude' ? message(model) : response(model, isBackend(facts, name)));
  return { method: 'POST', path, headers: { ...headers, 'Content-Type': 'application/json' }, body };
}

function message(model: string): object {
  return { model, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };
}

/** The public API has a least number of tokens, and the backend of ChatGPT takes streams only and no bound. */
function response(model: string, isOfBackend: boolean): object {
  const input = [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }];
  if (!isOfBackend) return { model, input, max_output_tokens: 16, store: false };
  return { model, input, instructions: 'Answer with one word.', store: false, stream: true };
}

function ownCredential(name: ProviderName, env: NodeJS.ProcessEnv): Record<string, string> {
  if (name === 'chatgpt') return env['OPENAI_API_KEY'] ? { Authorization: `Bearer ${env['OPENAI_API_KEY']}` } : {};
  if (env['ANTHROPIC_API_KEY']) return { 'x-api-key': env['ANTHROPIC_API_KEY'] };
  return env['ANTHROPIC_AUTH_TOKEN'] ? { Authorization: `Bearer ${env['ANTHROPIC_AUTH_TOKEN']}` } : {};
}

function providerOf(name: ProviderName, facts: AiFacts, env: NodeJS.ProcessEnv): ProbedProvider {
  const { credentials } = facts.providers[name];
  const text = JSON.stringify(credentials);
  const kind = isPassthrough(facts, name) ? 'passthrough' : text.includes('"store"') ? 'store' : 'api_key';
  const hasOwn = Object.keys(ownCredential(name, env)).length > 0;
  return { name, kind, hasOwn, isBackend: isBackend(facts, name) };
}

function isPassthrough({ providers }: AiFacts, name: ProviderName): boolean {
  return providers[name].credentials === 'passthrough';
}

/** A base that has a path of its own. */
function isBackend({ providers }: AiFacts, name: ProviderName): boolean {
  return name === 'chatgpt' && new URL(providers[name].base).pathname !== '/';
}

function idsOf(accounts: readonly AiAccountAnswer[], name: ProviderName): string[] {
  return accounts.filter(({ provider }) => provider === name).map(({ id }) => id);
}

function exitCodeOf(tested: readonly Tested[]): number {
  const failed = tested.filter(({ verdict }) => verdict.outcome === 'failed');
  if (failed.length === 0) return EXIT.success;
  if (failed.some(({ verdict: { code } }) => code !== null && REFUSALS.has(code))) return EXIT.refused;
  return failed.every(({ result }) => result.isLate) ? EXIT.timeout : EXIT.failure;
}

function jsonOf(tested: readonly Tested[]): string {
  const providers = tested.map(({ provider, request, result, verdict, accounts }) => {
    const { status, latencyMs, requestId } = result;
    const { outcome, code, message: text, hint } = verdict;
    const answer = { status, latency_ms: Math.round(latencyMs), request_id: requestId };
    return { provider, outcome, request, ...answer, accounts, code, message: text, hint };
  });
  return JSON.stringify({ schema: 'sluice.ai-test/v1', providers });
}

function textOf(tested: readonly Tested[], { stdout, env }: CliContext): string {
  const paint = painter(stdout, env);
  const lines = tested.flatMap(({ provider, request, result, verdict, accounts }) => {
    const { outcome, message: text, hint } = verdict;
    const { status, latencyMs, requestId } = result;
    const answered = `${status ?? 'no answer'} in ${Math.round(latencyMs)} ms`;
    const said = text === null ? [] : [`  ${printable(text)}`];
    const id = requestId === null || outcome === 'ok' ? [] : [`  request ${printable(requestId)}`];
    return [
      `${provider.padEnd(7)}  ${paint(COLOURS[outcome], outcome.padEnd(7))}  ${answered}, ${whose(accounts)}  ${printable(request)}`,
      ...said,
      ...id,
      ...(hint === null ? [] : [`  hint: ${printable(hint)}`]),
    ];
  });
  return lines.join('\n');
}

function whose(accounts: readonly string[]): string {
  const [only] = accounts;
  if (only === undefined) return 'with what the client has';
  return accounts.length === 1 ? `account ${printable(only)}` : `one of the accounts ${printable(accounts.join(', '))}`;
}
