// What a page tells its reader to type, section by section: the commands, what they are shown to say, and the configuration that is in
// force there. Rule: everything is read from the page; a command is one because it stands in a block for commands.
import { documentJsonSchema } from '../../../src/config/schema-reference.ts';
import { readSource } from '../source-tree.ts';

export interface PageCommand {
  /** `docs/ai.md:258` */
  readonly place: string;
  /** As it stands there, without its prompt; with its lines, where it has several. */
  readonly text: string;
  /** Another shell than bash, where the block is one of that shell. */
  readonly shell: string | null;
  /** What the page shows of its output; empty where it shows nothing. */
  readonly shown: string;
}

export interface PageSection {
  /** `docs/ai.md › Several accounts` */
  readonly name: string;
  /** The block of YAML that its reader has in sluice.yaml: the last one before the first command, here or in a chapter around it. */
  readonly config: string;
  readonly commands: readonly PageCommand[];
}

interface Block {
  readonly line: number;
  readonly kind: string;
  readonly text: string;
}

/** A heading and what stands below it, up to the next heading of any level. */
interface Passage {
  readonly level: number;
  readonly title: string;
  readonly blocks: readonly Block[];
}

const COMMAND_BLOCKS = new Set(['sh', 'console', 'bash', 'zsh', 'fish']);
const PROMPT = /^[$#] /;

const SECTION_OF_CONFIG = new RegExp(`^(?:${Object.keys(documentJsonSchema().properties ?? {}).join('|')}):`, 'm');

/** The sections of a page in which there are commands. */
export function readSections(page: string): PageSection[] {
  const around: Passage[] = [];
  const sections: PageSection[] = [];
  for (const passage of passagesOf(page)) {
    while (around.length > 0 && (around.at(-1)?.level ?? 0) >= passage.level) around.pop();
    around.push(passage);
    const commands = passage.blocks.flatMap((block) => (COMMAND_BLOCKS.has(block.kind) ? commandsOf(page, block) : []));
    if (commands.length === 0) continue;
    sections.push({ name: `${page} › ${passage.title}`, config: configOf(around), commands });
  }
  return sections;
}

/** Blocks that look like commands, and are not marked as such: nobody would run them. */
export function unmarkedCommands(page: string): string[] {
  const unmarked = passagesOf(page).flatMap(({ blocks }) =>
    blocks.filter(({ kind }) => kind === '' || kind === 'text'),
  );
  return unmarked
    .filter(({ text }) => /^(?:\$ |sluice \S|bin\/sluice \S|curl |npm |[A-Z_]+=\S+ sluice )/m.test(text))
    .map(({ line }) => `${page}:${line}`);
}

function configOf(around: readonly Passage[]): string {
  for (const [index, { blocks }] of [...around.entries()].toReversed()) {
    const isHere = index === around.length - 1;
    const first = blocks.findIndex(({ kind }) => COMMAND_BLOCKS.has(kind));
    const before = isHere && first >= 0 ? blocks.slice(0, first) : blocks;
    const config = before.findLast(({ kind, text }) => kind === 'yaml' && SECTION_OF_CONFIG.test(text));
    if (config !== undefined) return config.text;
  }
  return '';
}

function passagesOf(page: string): Passage[] {
  const passages: { level: number; title: string; blocks: Block[] }[] = [{ level: 0, title: '', blocks: [] }];
  let open: { line: number; kind: string; lines: string[] } | null = null;
  for (const [index, line] of readSource(page).split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line);
    const heading = /^(#{1,6}) (.*)$/.exec(line);
    if (open !== null && fence !== null) {
      passages.at(-1)?.blocks.push({ line: open.line, kind: open.kind, text: open.lines.join('\n') });
      open = null;
    } else if (open !== null) open.lines.push(line);
    else if (fence !== null) open = { line: index + 2, kind: fence[1] ?? '', lines: [] };
    else if (heading !== null) passages.push({ level: heading[1]?.length ?? 0, title: heading[2] ?? '', blocks: [] });
  }
  return passages;
}

/** A console shows prompts, and output without them; in other blocks every line is a command, or a comment. */
function commandsOf(page: string, block: Block): PageCommand[] {
  const lines = block.text.split('\n');
  const isPrompted = block.kind === 'console';
  const commands: { place: string; text: string; shown: string[] }[] = [];
  let isGoingOn = false;
  for (const [index, line] of lines.entries()) {
    const last = commands.at(-1);
    if (isGoingOn && last !== undefined) last.text += `\n${line}`;
    else if (isPrompted ? PROMPT.test(line) : line !== '' && !line.startsWith('#')) {
      commands.push({ place: `${page}:${block.line + index}`, text: line.replace(PROMPT, ''), shown: [] });
    } else if (isPrompted) last?.shown.push(line);
    isGoingOn = line.endsWith('\\');
  }
  const shell = block.kind === 'zsh' || block.kind === 'fish' ? block.kind : null;
  return commands.map(({ shown, ...command }) => ({ ...command, shell, shown: shown.join('\n').trim() }));
}
