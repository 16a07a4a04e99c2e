// What a shell needs to know to complete a command line: the words that can follow each command. Rule: it is read from the
// tree of commands, so a new option is completed without anybody thinking of it.

import type { Argument, Command, Option } from 'commander';

export interface Choice {
  readonly word: string;
  readonly about: string;
}

export interface ValueOption {
  readonly flags: readonly string[];
  /** What may follow: file names, one of some words, or something that cannot be guessed. */
  readonly value: 'file' | 'free' | readonly string[];
}

export interface CommandShape {
  /** The words after `sluice` that lead here; '' for `sluice` itself. */
  readonly path: string;
  /** Commands below, and values of an argument that takes only some. */
  readonly words: readonly Choice[];
  readonly options: readonly Choice[];
  readonly valueOptions: readonly ValueOption[];
  readonly takesFiles: boolean;
}

export function commandShapes(command: Command, path = ''): CommandShape[] {
  const options = [...command.options, ...helpOption(command)].filter((option) => !option.hidden);
  const shape: CommandShape = {
    path,
    words: [...command.commands.map(commandChoice), ...command.registeredArguments.flatMap(argumentChoices)],
    options: options.flatMap((option) => flagsOf(option).map((word) => ({ word, about: option.description }))),
    valueOptions: options.filter((option) => option.required || option.optional).map(valueOption),
    takesFiles: command.registeredArguments.some((argument) => /file/i.test(argument.name())),
  };
  const below = command.commands.flatMap((child) => commandShapes(child, `${path} ${child.name()}`.trim()));
  return [shape, ...below];
}

function commandChoice(command: Command): Choice {
  return { word: command.name(), about: command.summary() || command.description() };
}

function argumentChoices(argument: Argument): Choice[] {
  return (argument.argChoices ?? []).map((word) => ({ word, about: argument.description }));
}

function helpOption(command: Command): Option[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.long === '--help');
}

function flagsOf(option: Option): string[] {
  return [option.long, option.short].filter((flag) => flag !== undefined);
}

function valueOption(option: Option): ValueOption {
  const value = option.argChoices ?? (/[<[].*file/i.test(option.flags) ? 'file' : 'free');
  return { flags: flagsOf(option), value };
}
