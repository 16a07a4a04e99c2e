// `sluice exec -- CMD…`: one command on a Sluice that runs, as if it ran here. Rule: its output is our output and its exit code ours,
// so that scripts cannot tell the difference.
import { Command } from 'commander';
import { parseDuration } from '../../core/duration.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import type { RemoteEnd, RemoteRequest } from '../remote-command.ts';

interface ExecOptions {
  readonly config?: readonly string[];
  readonly cwd?: string;
  readonly env?: readonly string[];
  readonly timeout?: string;
  readonly stdin?: true;
  readonly url?: string;
  readonly tokenFile?: string;
}

/** As shells have it for a program that a signal has ended. */
const SIGNAL_BASE = 128;
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

const WHY: Readonly<Record<string, string>> = {
  timeout: 'it took longer than it may',
  output: 'it wrote more than it may',
  stopped: 'Sluice is shutting down',
};

export function execCommand(context: CliContext): Command {
  const collect = (text: string, all: readonly string[] = []): readonly string[] => [...all, text];
  const command = new Command('exec')
    .description('Run a command on a running Sluice (exec.allowed_commands), with its output and exit code.')
    .argument('<COMMAND...>', 'the command with its arguments; no shell is in between')
    .option('--cwd <FOLDER>', 'where it runs, in exec.workspace')
    .option('--env <NAME=VALUE>', 'a variable for it; may be given several times', collect)
    .option('--timeout <DURATION>', 'how long it may take, such as 30s; no longer than exec.timeout')
    .option('--stdin', 'let it read what is piped in here')
    .option('--url <URL>', 'the gateway to ask (default: SLUICE_URL, or the Sluice that runs here)')
    .option('--token-file <FILE>', 'a file with the token of a user (default: SLUICE_TOKEN)')
    .passThroughOptions()
    .action(async ([name = '', ...args]: string[], options: ExecOptions) => {
      const [{ findGateway }, { runRemote }] = await Promise.all([
        import('../find-gateway.ts'),
        import('../remote-command.ts'),
      ]);
      const request = requestOf(name, args, options);
      const { stdout, stderr } = context;
      const stdin = options.stdin ? (context.stdin ?? process.stdin) : null;
      const end = await runRemote(await findGateway(context, options), request, { stdin, stdout, stderr });
      const why = WHY[end.reason];
      if (why !== undefined) stderr.write(`sluice: the command was stopped: ${why}\n`);
      context.setExitCode(exitCodeOf(end));
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice exec -- python3 -c "print(1)"', 'on the Sluice that runs here'],
    ['cat data.csv | sluice exec --stdin -- python3 sum.py', 'with what is piped in'],
    ['SLUICE_TOKEN=… sluice exec --url https://box.example -- node -v', 'on another machine, as a user of it'],
  ]);
  return command;
}

function requestOf(command: string, args: readonly string[], { cwd, env, timeout }: ExecOptions): RemoteRequest {
  return {
    command,
    args,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env: Object.fromEntries(env.map(variableOf)) }),
    ...(timeout !== undefined && { timeout: secondsOf(timeout) }),
  };
}

function variableOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new SluiceError('usage', { message: `--env ${text}: expected NAME=VALUE` });
  return [text.slice(0, at), text.slice(at + 1)];
}

function secondsOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0)
    throw new SluiceError('usage', { message: `--timeout ${text}: expected a duration, such as 30s` });
  return ms / 1000;
}

function exitCodeOf({ code, signal, reason }: RemoteEnd): number {
  if (reason === 'timeout') return EXIT.timeout;
  if (code !== null) return code;
  return SIGNAL_BASE + (SIGNALS[signal ?? ''] ?? 0);
}
