// `sluice config …`: makes, checks, shows and explains configurations. Rule: these commands only look at files; none of
// them talks to a running Sluice, and none shows a secret.

import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Explanation, UnknownKey } from '../../config/explanation.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { ConfigProblem } from '../../config/problem.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption, findConfigFiles } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import { writeNewFile } from '../new-file.ts';
import { hasColor, painter, printable } from '../terminal.ts';

export function configCommand(context: CliContext): Command {
  const command = new Command('config').description('Make, check, show and explain the config.').action(() => {
    command.outputHelp();
  });
  addExamples(command, [
    ['sluice config init', 'write a commented sluice.yaml to start from'],
    ['sluice config validate', 'is it right? if not: what, and on which line'],
    ['sluice config show --effective --origin', 'everything that is in force, and where it comes from'],
    ['sluice config explain gateway.routes[].match.host', 'what a key means'],
  ]);
  return command
    .addCommand(initCommand(context))
    .addCommand(validateCommand(context))
    .addCommand(showCommand(context))
    .addCommand(explainCommand(context))
    .addCommand(schemaCommand(context));
}

function initCommand(context: CliContext): Command {
  const command = new Command('init')
    .description('Write a commented config to start from, and its schema for editors beside it.')
    .argument('[FILE]', 'the file to write', 'sluice.yaml')
    .option('--force', 'overwrite a file that is there')
    .action(async (file: string, { force }: { force?: true }) => {
      const { starterFile } = await import('../../config/starter-file.ts');
      const target = resolve(context.cwd, file);
      if (!/\.ya?ml$/i.test(target)) {
        throw new SluiceError('usage', { message: `The starter file is YAML; "${file}" must end with .yaml or .yml.` });
      }
      const schemaFile = basename(target).replace(/\.ya?ml$/i, '.schema.json');
      writeNewFile(target, starterFile(schemaFile), { as: file, force: force === true });
      writeNewFile(join(dirname(target), schemaFile), await schemaText(), { as: schemaFile, force: true });
      context.stderr.write(`Wrote ${file}, and ${schemaFile} for your editor.\nNow: sluice up -c ${file}\n`);
    });
  addExamples(command, [
    ['sluice config init', 'sluice.yaml in this directory'],
    ['sluice config init edge.yaml --force', 'another name, over what is there'],
  ]);
  return command;
}

interface FileOptions {
  readonly config?: readonly string[];
  readonly profile?: string;
}

/** Options that say which config is meant; files may also be given as arguments. */
function addFileOptions(command: Command): Command {
  addConfigOption(
    command.argument('[FILES...]', 'config files; later ones override'),
    'a config file; may repeat, later ones override',
  );
  return command.option('--profile <NAME>', 'read sluice.NAME.yaml after sluice.yaml');
}

interface Loaded {
  readonly files: readonly string[];
  readonly loaded: LoadedConfig | undefined;
  readonly problems: readonly ConfigProblem[];
}

async function load(
  context: CliContext,
  files: readonly string[],
  options: FileOptions & { readonly ignoreAvailability: boolean },
): Promise<Loaded> {
  const [{ loadConfig }, { ConfigError }, { inspectPolicy }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/problem.ts'),
    import('../../runtime/policy-modules/policy-modules.ts'),
  ]);
  const found = findConfigFiles(context, [...(options.config ?? []), ...files]);
  const { env, cwd } = context;
  const { profile, ignoreAvailability } = options;
  try {
    const loaded = await loadConfig({
      files: found,
      env,
      cwd,
      ignoreAvailability,
      // Who only looks at a configuration runs nothing that it names.
      ...(!ignoreAvailability && { inspectPolicy }),
      ...(profile !== undefined && { profile }),
    });
    return { files: found, loaded, problems: loaded.warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { files: found, loaded: undefined, problems: error.problems };
  }
}

function validateCommand(context: CliContext): Command {
  const command = new Command('validate')
    .description(
      'Check a config: all that is wrong with it, with file, line and column. Modules of policies are loaded for it.',
    )
    .option('--json', 'as JSON')
    .action(async (files: string[], options: FileOptions & { json?: true }) => {
      const { files: read, loaded, problems } = await load(context, files, { ...options, ignoreAvailability: false });
      if (loaded === undefined) context.setExitCode(EXIT.config);
      if (options.json) {
        const valid = loaded !== undefined;
        context.stdout.write(
          `${JSON.stringify({ schema: 'sluice.config-problems/v1', valid, files: read, problems })}\n`,
        );
        return;
      }
      if (problems.length > 0) {
        const { formatProblems } = await import('../../config/format-problems.ts');
        context.stdout.write(formatProblems(problems, { color: hasColor(context.stdout, context.env) }));
      }
      if (loaded === undefined) return;
      const what = read.length === 0 ? 'There is no config file; the defaults are valid.' : `${read.join(', ')}: valid`;
      context.stdout.write(`${printable(what)}\n`);
    });
  addExamples(addFileOptions(command), [
    ['sluice config validate', 'the config of this directory'],
    ['sluice config validate edge.yaml edge.secret.yaml', 'two files, the later one over the earlier one'],
    ['sluice config validate --json', 'for a script; exit code 3 when something is wrong'],
  ]);
  return command;
}

interface ShowOptions extends FileOptions {
  readonly effective?: true;
  readonly origin?: true;
  readonly json?: true;
}

function showCommand(context: CliContext): Command {
  const command = new Command('show')
    .description('Show the config as it is understood, secrets masked.')
    .option('--effective', 'defaults too')
    .option('--origin', 'where each value comes from')
    .option('--json', 'as JSON')
    .action(async (files: string[], options: ShowOptions) => {
      const { loaded, problems } = await load(context, files, { ...options, ignoreAvailability: true });
      if (loaded === undefined) {
        const { formatProblems } = await import('../../config/format-problems.ts');
        context.stderr.write(formatProblems(problems, { color: hasColor(context.stderr, context.env) }));
        context.setExitCode(EXIT.config);
        return;
      }
      context.stdout.write(await shown(loaded, options));
    });
  addExamples(addFileOptions(command), [
    ['sluice config show', 'what files, environment and flags say'],
    ['sluice config show --effective', 'and the defaults'],
    ['sluice config show --origin', 'and which file and line each value comes from'],
  ]);
  return command;
}

async function shown(loaded: LoadedConfig, { effective, origin, json }: ShowOptions): Promise<string> {
  const { presentConfig } = await import('../../config/present.ts');
  const config = presentConfig(loaded, { effective: effective === true });
  if (json) {
    const origins = origin ? { origins: Object.fromEntries(loaded.origins) } : {};
    return `${JSON.stringify({ schema: 'sluice.config/v1', config, ...origins })}\n`;
  }
  const { presentYaml } = await import('../../config/present-yaml.ts');
  return presentYaml(config, origin ? loaded.origins : undefined);
}

function explainCommand(context: CliContext): Command {
  const command = new Command('explain')
    .description('Say what a key of the config means: type, default, description, example.')
    .argument('[KEY]', 'such as gateway.routes[].match.host; without it, the sections', '')
    .option('--json', 'as JSON')
    .action(async (key: string, { json }: { json?: true }) => {
      const { explainKeyName } = await import('../../config/explanation.ts');
      const found = explainKeyName(key);
      if ('unknown' in found) throw new SluiceError('usage', { message: noSuchKey(found) });
      const text = json
        ? JSON.stringify({ schema: 'sluice.config-key/v1', ...found })
        : formatExplanation(found, context);
      context.stdout.write(`${text}\n`);
    });
  addExamples(command, [
    ['sluice config explain', 'the sections'],
    ['sluice config explain limits.body', 'one key'],
    ['sluice config explain gateway.routes[].to', 'a key with several shapes'],
  ]);
  return command;
}

function noSuchKey({ known, unknown, nearest, possible }: UnknownKey): string {
  const where = known === '' ? 'There is no section' : `In ${known} there is no key`;
  const near = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  const list = near === '' && possible.length > 0 ? ` There are: ${possible.join(', ')}.` : '';
  return `${where} "${unknown}".${near}${list}`;
}

function formatExplanation(explanation: Explanation, { stdout, env }: CliContext): string {
  const paint = painter(stdout, env);
  const { key, description, type, examples, keys } = explanation;
  const facts: [string, string][] = [['type', type.replaceAll('`', '')]];
  if ('default' in explanation) facts.push(['default', JSON.stringify(explanation.default)]);
  for (const example of examples)
    facts.push(['example', typeof example === 'string' ? example : JSON.stringify(example)]);
  if (explanation.secret) facts.push(['secret', 'masked wherever the config is shown']);
  const width = Math.max(0, ...keys.map((below) => below.key.length));
  return [
    paint('bold', key === '' ? 'The config of Sluice' : key),
    `  ${description}`,
    '',
    ...facts.map(([name, value]) => `  ${paint('dim', name.padEnd(8))}  ${value}`),
    ...(keys.length === 0 ? [] : ['', ...keys.map((below) => `  ${below.key.padEnd(width)}  ${below.description}`)]),
  ].join('\n');
}

function schemaCommand(context: CliContext): Command {
  const command = new Command('schema')
    .description('Print the JSON Schema (draft-07) of the config, for editors.')
    .action(async () => {
      context.stdout.write(await schemaText());
    });
  addExamples(command, [
    ['sluice config schema > sluice.schema.json', 'for "# yaml-language-server: $schema=sluice.schema.json"'],
  ]);
  return command;
}

async function schemaText(): Promise<string> {
  const { editorJsonSchema } = await import('../../config/schema-reference.ts');
  return `${JSON.stringify(editorJsonSchema(), null, 2)}\n`;
}
