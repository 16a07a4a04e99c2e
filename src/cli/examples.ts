// Examples at the top of a command's help, before its options. Rule: each one works as it stands with the default config.

import type { Command } from 'commander';

/** Pairs of what to type and what it is good for. */
export function addExamples(command: Command, examples: readonly (readonly [line: string, purpose: string])[]): void {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, purpose]) => `  ${line.padEnd(width)}   ${purpose}`);
  command.addHelpText('before', `Examples:\n${lines.join('\n')}\n`);
}
