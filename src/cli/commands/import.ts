// `sluice import FILE`: the config of a predecessor as one of Sluice. Rule: stdout is the new config and nothing else; what
// it does not say, or says differently, goes to stderr, and its secrets to a file that only its owner can read.

import { dirname, extname, join, resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import type { Imported } from '../../config/import/import-config.ts';
import type { ImportNote, ImportNoteKind } from '../../config/import/import-notes.ts';
import type { PredecessorName } from '../../config/import/predecessor.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import { writeNewFile } from '../new-file.ts';
import { hasColor, painter, printable, type Paint } from '../terminal.ts';

interface ImportOptions {
  readonly output?: string;
  readonly force?: true;
  readonly from?: PredecessorName;
}

/** A test holds this list against the one of the importers, which are loaded only when they are needed. */
export const IMPORTABLE: readonly PredecessorName[] = ['mooltiroute', 'custom-proxy', 'filters', 'retunnel', 'aimux'];

export function importCommand(context: CliContext): Command {
  const command = new Command('import')
    .description('Turn the config of Mooltiroute, the custom proxy, ReTunnel or ai-mux into one of Sluice.')
    .addArgument(new Argument('<FILES...>', 'its file; of several, later ones override'))
    .option('-o, --output <FILE>', 'write it to a file, and overlays beside it (default: print it)')
    .option('--force', 'overwrite a file that is there')
    .addOption(
      new Option('--from <PROGRAM>', 'whose config it is, where its keys do not tell').choices([...IMPORTABLE]),
    )
    .action(async (files: string[], options: ImportOptions) => {
      const { importConfig } = await import('../../config/import/import-config.ts');
      const { from } = options;
      const imported = await importConfig({ files, cwd: context.cwd, ...(from !== undefined && { from }) });
      const written = await write(imported, options, context);
      tell(imported, context);
      await tellProblems(imported, context);
      tellNext(imported, written, context);
    });
  addExamples(command, [
    ['sluice import config.yaml -o sluice.yaml', 'from Mooltiroute or ai-mux'],
    ['sluice import config/proxy.yaml -o sluice.yaml', 'from the custom proxy, with its filters and overlays'],
    ['sluice import ~/.retunnel.conf', 'only look at what would be written'],
  ]);
  return command;
}

/** The names of what was written; none when it was printed. */
async function write(imported: Imported, { output, force }: ImportOptions, context: CliContext): Promise<string[]> {
  const { importedYaml } = await import('../../config/import/imported-yaml.ts');
  const { predecessor, document, overlays, files } = imported;
  const heading = `Made by "sluice import" of ${printable(files.join(', '))}, a config of ${predecessor.title}.`;
  const text = importedYaml(document, `${heading}\nWhat a key means: sluice config explain KEY`);
  if (output === undefined) {
    context.stdout.write(text);
    return [];
  }
  const target = resolve(context.cwd, output);
  const options = { force: force === true, secret: true };
  writeNewFile(target, text, { as: output, ...options });
  const names = [output];
  for (const { profile, document: overlay } of overlays) {
    const ending = extname(target);
    const as = `${output.slice(0, output.length - ending.length)}.${profile}${ending}`;
    const about = `Goes over ${output} with: sluice up -c ${output} --profile ${profile}`;
    writeNewFile(join(dirname(target), baseOf(as)), importedYaml(overlay, about), { as, ...options });
    names.push(as);
  }
  return names;
}

function baseOf(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

const HEADINGS: Readonly<Record<ImportNoteKind, string>> = {
  lost: 'Not carried over',
  changed: 'Not quite the same',
  hint: 'Good to know',
};

function tell({ predecessor, files, notes }: Imported, { stderr, env }: CliContext): void {
  const paint = painter(stderr, env);
  const verb = files.length === 1 ? 'is a config' : 'are the config';
  stderr.write(`${printable(files.join(', '))} ${verb} of ${predecessor.title}.\n`);
  for (const kind of ['lost', 'changed', 'hint'] as const) {
    const ofKind = notes.filter((note) => note.kind === kind);
    if (ofKind.length > 0) stderr.write(`\n${paint('bold', HEADINGS[kind])}\n${noteLines(ofKind, paint)}`);
  }
}

function noteLines(notes: readonly ImportNote[], paint: Paint): string {
  const width = Math.max(...notes.map(({ key }) => key.length));
  const gap = width === 0 ? '' : '   ';
  return notes
    .map(({ key, text }) => `  ${paint('dim', printable(key).padEnd(width))}${gap}${printable(text)}\n`)
    .join('');
}

/** A file may lie on another machine only; anything else needs a hand. */
async function tellProblems({ document }: Imported, context: CliContext): Promise<void> {
  const { checkImported } = await import('../../config/import/check-imported.ts');
  const problems = (await checkImported(document, context)).filter(({ code }) => code !== 'config_unreadable');
  if (problems.length === 0) return;
  const { formatProblems } = await import('../../config/format-problems.ts');
  const { stderr, env } = context;
  stderr.write(`\n${formatProblems(problems, { color: hasColor(stderr, env) })}`);
  if (problems.some(({ severity }) => severity === 'error')) context.setExitCode(EXIT.config);
}

function tellNext({ overlays }: Imported, written: readonly string[], { stderr }: CliContext): void {
  if (written.length > 0) {
    stderr.write(`\nWrote ${written.join(', ')}.\nNow: sluice config validate ${written[0] ?? ''}\n`);
  } else if (overlays.length > 0) {
    stderr.write(
      `\nWith -o sluice.yaml the overlays are written too: ${overlays.map(({ profile }) => profile).join(', ')}\n`,
    );
  }
}
