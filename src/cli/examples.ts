// Examples at the top of a command's help, before its options. Rule: each one works as it stands with the default config.

import type { Command } from 'commander';

type Example = readonly [line: string, purpose: string];

const examples = new WeakMap<Command, readonly Example[]>();

/** Those that a command was given, for pages that show them. */
export function examplesOf(command: Command): readonly Example[] {
  return examples.get(command) ?? [];
}

/** Pairs of what to type and what it is good for. */
export function addExamples(command: Command, given: readonly Example[]): void {
  examples.set(command, given);
  const width = Math.max(...given.map(([line]) => line.length));
  const lines = given.map(([line, purpose]) => `  ${line.padEnd(width)}   ${purpose}`);
  command.addHelpText('before', `Examples:\n${lines.join('\n')}\n`);
}
