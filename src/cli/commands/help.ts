// `sluice help [command|topic|ERROR-CODE]`. Rule: every word that Sluice prints as an error code can be asked for here.

import { Command } from 'commander';
import { ERROR_CATALOGUE, SluiceError, type ErrorCode, type ErrorSide } from '../../core/errors.ts';
import { readPart } from '../../runtime/program-part.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';

/** What can be asked for beside commands and codes; docs/cli.md has the same. */
export const HELP_TOPICS: Readonly<Record<string, string>> = {
  environment: `Environment

  SLUICE_CONFIG          the config file that is used when no -c is given
  SLUICE_SECTION__KEY    overrides a key of the config: SLUICE_GATEWAY__LISTEN=127.0.0.1:8081
  SLUICE_ADMIN_URL       the admin door that status, reload and the like talk to, when it is not the one of this machine
  SLUICE_TOKEN_FILE      a file with the token for that door
  SLUICE_URL             the gateway that exec and agent talk to
  SLUICE_TOKEN           the token of a user for that gateway
  OTEL_*                 traces, as everywhere: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, …
  NO_COLOR, CLICOLOR=0   no colour
  FORCE_COLOR, CLICOLOR_FORCE   colour also where no terminal is; wins over NO_COLOR

  A flag wins over the environment, the environment over files, a later file over an earlier one.
  "sluice config show --origin" tells where each value came from.
`,
  'exit-codes': `Exit codes

  0    success; also a server that SIGINT or SIGTERM has stopped cleanly
  1    a failure while running
  2    the command line is not right
  3    the config is not valid, or a start failed in a way that starting again cannot cure
  4    a token is needed, or was refused
  5    no running Sluice answered
  6    nothing is broken, and something is not as it should be (sluice doctor --strict)
  7    no answer in time
  8    a forced stop with connections still open
  69   the tunnel server refuses for good: the token, the name
  75   the tunnel server cannot be reached, after several tries
  78   what "sluice http", "tcp" and "start" are told about tunnels is not valid
  130  Ctrl-C, in "sluice http", "tcp" and "start"

  "sluice run" ends as its command ends: 127 when there is none of that name, 126 when it cannot be run, 128 and the number
  of the signal when one has ended it.
`,
};

const SIDES: Readonly<Record<ErrorSide, string>> = {
  downstream: 'the caller',
  upstream: 'the answering server',
  hop: 'a proxy on the way',
  target: 'the thing that the request went to',
  operator: 'whoever runs Sluice',
  internal: 'Sluice itself',
};

export function helpCommand(context: CliContext, wholeProgram: () => Promise<Command>): Command {
  const command = new Command('help')
    .description('Explain a command, a topic or an error code.')
    .argument('[WORDS...]', 'a command, a topic or an error code')
    .action(async (words: string[]) => {
      const [first = ''] = words;
      if (Object.hasOwn(HELP_TOPICS, first)) context.stdout.write(HELP_TOPICS[first] ?? '');
      else if (isErrorCode(first)) context.stdout.write(explainError(first));
      else if (first.startsWith('config_')) context.stdout.write(await explainProblem(first));
      else findCommand(await wholeProgram(), words).outputHelp();
    });
  addExamples(command, [
    ['sluice help up', 'a command'],
    ['sluice help environment', 'a topic: environment, exit-codes'],
    ['sluice help upstream_timeout', 'an error code'],
  ]);
  return command;
}

function findCommand(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const below = command.commands.find((candidate) => candidate.name() === word);
    if (below === undefined) {
      const topics = Object.keys(HELP_TOPICS).join(', ');
      const message = `There is no help on "${words.join(' ')}". Topics: ${topics}. Commands: see sluice --help.`;
      throw new SluiceError('usage', { message });
    }
    command = below;
  }
  return command;
}

/** The codes that `sluice config validate` prints beside those of the catalogue. */
async function explainProblem(word: string): Promise<string> {
  const { CONFIG_PROBLEMS } = await import('../../config/problem.ts');
  if (Object.hasOwn(CONFIG_PROBLEMS, word)) {
    const summary = CONFIG_PROBLEMS[word as keyof typeof CONFIG_PROBLEMS];
    return `${word}: ${summary}

  whose side     ${SIDES.operator}
  exit code      3

  The message beside it names the file, the line and what was expected. "sluice config explain KEY" tells what a key takes.
`;
  }
  const known = Object.keys(CONFIG_PROBLEMS).join(', ');
  throw new SluiceError('usage', { message: `There is no problem "${word}". There are: ${known}.` });
}

function isErrorCode(word: string): word is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, word);
}

function explainError(code: ErrorCode): string {
  const { summary, side, status, retry } = ERROR_CATALOGUE[code];
  const facts = `${code}: ${summary}

  whose side     ${SIDES[side]}
  HTTP status    ${status}
  worth a retry  ${retry ? 'yes, the same request may succeed later' : 'no, not as it is'}
`;
  const section = documentedSection(code);
  return section === '' ? facts : `${facts}\n${section}\n`;
}

/** What the documentation says about it, where the documentation is at hand. */
function documentedSection(code: ErrorCode): string {
  const page = readPart('docs/errors.md', new URL('../../../docs/errors.md', import.meta.url));
  if (page === null) return '';
  const heading = new RegExp(`^#+ .*\\b${code}\\b.*\n`, 'm').exec(String(page));
  const [section = ''] = (heading?.input.slice(heading.index + heading[0].length) ?? '').split(/^#/m);
  // Its first paragraph holds the facts above.
  return section.trim().split('\n\n').slice(1).join('\n\n');
}
