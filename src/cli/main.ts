// The entry of the command line: runs one command and says how it went, as an exit code. Rule: it never throws for what a
// person did wrong, and never shows a stack for it; a stack means a fault in Sluice.

import { CommanderError } from 'commander';
import { ConfigError } from '../config/problem.ts';
import { SluiceError } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { EXIT, exitCodeFor } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { hasColor, printable } from './terminal.ts';
import { TunnelConfigError } from './tunnel-config-error.ts';

/** `argv` starts after the name of the program. */
export async function main(argv: readonly string[], surroundings: Partial<CliContext> = {}): Promise<number> {
  let exitCode: number = EXIT.success;
  const context: CliContext = {
    stdout: surroundings.stdout ?? process.stdout,
    stderr: surroundings.stderr ?? process.stderr,
    env: surroundings.env ?? process.env,
    cwd: surroundings.cwd ?? process.cwd(),
    ...(surroundings.stdin !== undefined && { stdin: surroundings.stdin }),
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  const endQuietly = (error: NodeJS.ErrnoException): void => {
    // Whoever read our output has seen enough: `sluice config show | head -1`.
    if (error.code !== 'EPIPE') throw error;
  };
  for (const stream of [context.stdout, context.stderr]) stream.on('error', endQuietly);
  try {
    await run(argv.length === 0 ? ['--help'] : argv, context);
    return exitCode;
  } catch (error) {
    return await report(error, context);
  }
}

async function run(argv: readonly string[], context: CliContext): Promise<void> {
  if (argv[0] === '--version' || argv[0] === '-V') return run(['version', ...argv.slice(1)], context);
  const program = await buildProgram(context, argv.find((word) => !word.startsWith('-')) ?? '');
  await program.parseAsync(argv, { from: 'user' });
}

async function report(error: unknown, context: CliContext): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.success : EXIT.usage;
  if (error instanceof ConfigError) {
    const { formatProblems } = await import('../config/format-problems.ts');
    context.stderr.write(formatProblems(error.problems, { color: hasColor(context.stderr, context.env) }));
    return error instanceof TunnelConfigError ? EXIT.tunnelConfig : EXIT.config;
  }
  if (error instanceof SluiceError) {
    context.stderr.write(`sluice: ${printable(error.message)}   (${error.code})\n`);
    return exitCodeFor(error.code);
  }
  context.stderr.write(
    `sluice: ${printable(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
  );
  return EXIT.failure;
}
