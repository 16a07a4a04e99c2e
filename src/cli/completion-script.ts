// The completion scripts of bash, zsh and fish. Rule: they hold the words themselves and start no Sluice, so that pressing
// Tab costs nothing.

import type { Choice, CommandShape, ValueOption } from './command-shape.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, shapes: readonly CommandShape[]): string {
  if (shell === 'bash') return bashScript(shapes);
  return shell === 'zsh' ? zshScript(shapes) : fishScript(shapes);
}

function bashScript(shapes: readonly CommandShape[]): string {
  const words = shapes.map((shape) => {
    const all = [...shape.words, ...shape.options].map((choice) => choice.word).join(' ');
    return `    '${shape.path}') words='${all}'${shape.takesFiles ? ' files=1' : ''} ;;`;
  });
  const values = shapes.flatMap((shape) =>
    shape.valueOptions.map((option) => {
      const patterns = option.flags.map((flag) => `'${shape.path} ${flag}'`).join('|');
      return `    ${patterns}) ${bashValue(option)}; return ;;`;
    }),
  );
  return `# bash completion of sluice. Use: source <(sluice completion bash)
_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' files='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${path:+$path }\${COMP_WORDS[index]}" in
      ${shapes.flatMap(({ path }) => (path === '' ? [] : [`'${path}'`])).join('|')}) path="\${path:+$path }\${COMP_WORDS[index]}" ;;
    esac
  done
  case "$path $previous" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $files && $current != -* ]]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _sluice sluice
`;
}

function bashValue({ value }: ValueOption): string {
  if (value === 'free') return 'COMPREPLY=()';
  return value === 'file'
    ? 'COMPREPLY=($(compgen -f -- "$current"))'
    : `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$current"))`;
}

function zshScript(shapes: readonly CommandShape[]): string {
  const values = shapes.flatMap((shape) =>
    shape.valueOptions.map((option) => {
      const patterns = option.flags.map((flag) => `'${shape.path} ${flag}'`).join('|');
      return `    ${patterns}) ${zshValue(option)}; return ;;`;
    }),
  );
  const choices = shapes.map(({ path, words, options, takesFiles }) => {
    const arrays = `${zshArray('choices', words)}\n${zshArray('flags', options)}`;
    return `    '${path}')\n${arrays}${takesFiles ? '\n      files=1' : ''} ;;`;
  });
  return `#compdef sluice
# zsh completion of sluice. Use: source <(sluice completion zsh)
_sluice() {
  local position='' files='' word
  local -a choices flags
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${position:+$position }$word" in
      ${shapes.flatMap(({ path }) => (path === '' ? [] : [`'${path}'`])).join('|')}) position="\${position:+$position }$word" ;;
    esac
  done
  case "$position \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$position" in
${choices.join('\n')}
  esac
  _describe 'command' choices
  _describe -o 'option' flags
  [[ -n $files ]] && _files
  return 0
}
if [[ \${funcstack[1]:-} == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi
`;
}

function zshValue({ value }: ValueOption): string {
  if (value === 'free') return "_message 'a value'";
  return value === 'file' ? '_files' : `compadd -- ${value.join(' ')}`;
}

function zshArray(name: string, choices: readonly Choice[]): string {
  return `      ${name}=(${choices.map((choice) => `\n        ${zshChoice(choice)}`).join('')}\n      )`;
}

function zshChoice({ word, about }: Choice): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${about.replaceAll(':', '\\:')}`);
}

function fishScript(shapes: readonly CommandShape[]): string {
  const paths = shapes.flatMap(({ path }) => (path === '' ? [] : [quoted(path)]));
  return `# fish completion of sluice. Use: sluice completion fish | source
function __sluice_at
    set -l at
    for word in (commandline -opc)[2..]
        contains -- (string join -- ' ' $at $word) ${paths.join(' ')}; and set -a at $word
    end
    test "$at" = "$argv[1]"
end
complete -c sluice -f
${shapes.flatMap(fishLines).join('\n')}
`;
}

function fishLines(shape: CommandShape): string[] {
  const start = `complete -c sluice -n "__sluice_at '${shape.path}'"`;
  const lines = shape.words.map(({ word, about }) => `${start} -a ${word} -d ${quoted(about)}`);
  for (const { word, about } of shape.options) {
    const value = shape.valueOptions.find((option) => option.flags.includes(word))?.value;
    const flag = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
    lines.push(`${start} ${flag}${fishValue(value)} -d ${quoted(about)}`);
  }
  if (shape.takesFiles) lines.push(`${start} -F`);
  return lines;
}

function fishValue(value: ValueOption['value'] | undefined): string {
  if (value === undefined) return '';
  if (value === 'free') return ' -x';
  return value === 'file' ? ' -r -F' : ` -x -a ${quoted(value.join(' '))}`;
}

/** In single quotes, as all three shells read them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
