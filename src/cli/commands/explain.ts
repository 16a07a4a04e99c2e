// `sluice explain`: what would become of a request, and why. Rule: a dry run; nothing goes out. The running Sluice is asked, since it
// knows the states of proxies; where none runs, the config alone is.

import { Argument, Command, Option } from 'commander';
import type { ExplainAnswer } from '../../control/admin-answers.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption, findConfigFiles } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { explanationText } from '../explanation-text.ts';
import { painter } from '../terminal.ts';

interface ExplainOptions {
  readonly config?: readonly string[];
  readonly header?: readonly string[];
  readonly from: string;
  readonly user?: string;
  readonly door?: string;
  readonly offline?: true;
  readonly json?: true;
}

export function explainCommand(context: CliContext): Command {
  const collect = (line: string, lines: readonly string[] = []): readonly string[] => [...lines, line];
  const command = new Command('explain')
    .description(
      'Tell what would become of a request, and why: door, policies, rule or route, proxies. Nothing is sent.',
    )
    .addArgument(new Argument('<URL...>', 'a URL, with a method before it if that is not GET').argRequired())
    .usage('[METHOD] URL [OPTIONS]')
    .option('-H, --header <FIELD>', 'a header field, as in "Accept: */*"; may repeat', collect)
    .option('--from <IP>', 'the address of the client', '127.0.0.1')
    .option('--user <NAME>', 'as if this user had shown a valid token')
    .addOption(
      new Option(
        '--door <NAME>',
        'egress, gateway, the name of an address, or a port (default: whichever the URL is for)',
      ),
    )
    .option('--offline', 'ask the config, also when a Sluice runs')
    .option('--json', 'as JSON')
    .action(async (words: readonly string[], options: ExplainOptions) => {
      const answer = await ask(context, questionOf(words, options), options);
      const { stdout, env } = context;
      const text = options.json
        ? JSON.stringify({ schema: 'sluice.explain/v1', ...answer })
        : explanationText(answer, painter(stdout, env));
      stdout.write(`${text}\n`);
    });
  addConfigOption(command, 'the config of that Sluice; where none runs, the one to ask');
  addExamples(command, [
    ['sluice explain https://example.com', 'which way would it go out?'],
    [
      'sluice explain https://shop.example --user alice -H "X-Proxy-Sticky-Session: cart7"',
      'for this user and session',
    ],
    ['sluice explain POST http://api.example.com/v1/users --door gateway', 'which route takes it?'],
    ['sluice explain --offline -c new.yaml http://10.0.0.1', 'before that config is in force'],
  ]);
  return command;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
}

function questionOf(words: readonly string[], { header = [] }: ExplainOptions): Asked {
  const [first = '', second, ...more] = words;
  if (more.length > 0) throw new SluiceError('usage', { message: 'Give a URL, with a method before it if you like.' });
  if (second === undefined) return { method: 'GET', url: first, headers: header };
  return { method: first.toUpperCase(), url: second, headers: header };
}

async function ask(context: CliContext, asked: Asked, options: ExplainOptions): Promise<ExplainAnswer> {
  if (options.offline) return askConfig(context, asked, options);
  try {
    return await askDaemon(context, asked, options);
  } catch (error) {
    const isNobodyThere = error instanceof SluiceError && error.code === 'daemon_unreachable';
    if (!isNobodyThere || (context.env['SLUICE_ADMIN_URL'] ?? '') !== '') throw error;
    context.stderr.write('sluice: no Sluice runs here, so the config is asked; the states of proxies are not known\n');
    return askConfig(context, asked, options);
  }
}

async function askDaemon(
  context: CliContext,
  { method, url, headers }: Asked,
  { config, from, user, door }: ExplainOptions,
): Promise<ExplainAnswer> {
  const { findDaemon } = await import('../find-daemon.ts');
  const client = await findDaemon(context, config);
  const query = new URLSearchParams({ method, url, from });
  if (user !== undefined) query.set('user', user);
  if (door !== undefined) query.set('door', door);
  for (const line of headers) query.append('header', line);
  return client.get<ExplainAnswer>(`/api/v1/explain?${query.toString()}`);
}

async function askConfig(
  context: CliContext,
  { method, url, headers }: Asked,
  { config: named, from, user, door }: ExplainOptions,
): Promise<ExplainAnswer> {
  const [{ loadConfig }, { explain, fieldOfLine }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../runtime/explain/explain.ts'),
  ]);
  const { env, cwd } = context;
  const files = findConfigFiles(context, named);
  const loaded = await loadConfig({ files, env, cwd, ignoreAvailability: true });
  return explain(
    loaded,
    { method, url, fields: headers.map(fieldOfLine), from, user: user ?? null, door: door ?? null },
    null,
  );
}
