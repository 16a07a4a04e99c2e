// docs/cli.md: every command with its arguments, options and examples, exit codes and variables. Rule: all of it comes from
// the program (the tree of commands, the topics of `sluice help`, the table of variables), nothing is written here by hand.
import type { Command } from 'commander';
import { examplesOf } from '../src/cli/examples.ts';
import { HELP_TOPICS } from '../src/cli/commands/help.ts';
import { KNOWN_VARIABLES } from '../src/config/overrides.ts';

const OPENING = `All that \`sluice\` can be told, as \`sluice help COMMAND\` shows it in a terminal. Every command takes \`-h\` or \`--help\`.
What the commands are good for together is told in the [guides](../README.md#documentation); error codes stand in [Errors](errors.md).`;

export function commandPage(program: Command): string {
  const { environment = '', 'exit-codes': exitCodes = '' } = HELP_TOPICS;
  return [
    '# Command line',
    '<!-- Written by scripts/generate-cli-docs.ts from the commands themselves. Changes belong there. -->',
    OPENING,
    listOf(program),
    examplesText(program),
    ...program.commands.flatMap((command) => commandText(command, 2)),
    '## Environment',
    preformatted(environment),
    'These set a key of the [configuration](config.md) too; most of the names are those of programs before Sluice:',
    table(
      ['variable', 'key'],
      KNOWN_VARIABLES.map(({ name, path }) => [`\`${name}\``, `\`${path}\``]),
    ),
    '## Exit codes',
    preformatted(exitCodes),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function listOf(program: Command): string {
  const rows = program.commands.map((command) => [`[\`${command.name()}\`](#${anchor(command)})`, command.summary()]);
  return table(['command', ''], rows);
}

function commandText(command: Command, level: number): string[] {
  return [
    `${'#'.repeat(level)} ${fullName(command)}`,
    command.description(),
    `\`\`\`text\n${fullName(command)} ${command.usage()}\n\`\`\``,
    table(
      ['argument', ''],
      command.registeredArguments.map((argument) => [`\`${argument.name()}\``, cell(argument.description)]),
    ),
    table(
      ['option', ''],
      command.options
        .filter(({ hidden }) => !hidden)
        .map(({ flags, description, defaultValue, argChoices }) => {
          const notes = [choicesNote(argChoices), defaultNote(defaultValue)].filter((note) => note !== '');
          return [`\`${flags.replaceAll('|', '\\|')}\``, cell([description, ...notes].join('; '))];
        }),
    ),
    examplesText(command),
    ...command.commands.flatMap((below) => commandText(below, level + 1)),
  ];
}

function choicesNote(choices: readonly string[] | undefined): string {
  return choices === undefined ? '' : `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
}

function defaultNote(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `default \`${value}\`` : '';
}

function examplesText(command: Command): string {
  return table(
    ['for example', ''],
    examplesOf(command).map(([line, purpose]) => [`\`${line.replaceAll('|', '\\|')}\``, cell(purpose)]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return lines.join('\n').replace('| --- | --- |', '|---|---|');
}

/** The topics are indented under their name, for a terminal. */
function preformatted(topic: string): string {
  const [, ...lines] = topic.trimEnd().split('\n');
  return `\`\`\`text\n${lines.join('\n').replace(/^\n+/, '').replaceAll(/^ {2}/gm, '')}\n\`\`\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function anchor(command: Command): string {
  return fullName(command).replaceAll(' ', '-');
}
