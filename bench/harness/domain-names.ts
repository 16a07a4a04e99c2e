// Names of hosts by the million, as lists of blocked hosts have them. Rule: the same ones every time, and none that the bench asks for
// elsewhere.
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const MILLION = 1_000_000;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** The ends of the names on public lists, about as frequent as there. */
const ENDINGS = ['com', 'com', 'com', 'net', 'org', 'ru', 'de', 'info', 'xyz', 'co.uk', 'com.br', 'online'];

/** A generator of Lehmer, so that nothing depends on the run. */
class Dice {
  #state = 42;

  roll(sides: number): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state % sides;
  }
}

function word(dice: Dice, least: number, more: number): string {
  return Array.from({ length: least + dice.roll(more) }, () => LETTERS[dice.roll(LETTERS.length)]).join('');
}

/** Each once; some twenty bytes long on average. */
export function hostNames(count: number): string[] {
  const dice = new Dice();
  const names = new Set<string>();
  while (names.size < count) {
    const below = dice.roll(3) === 0 ? '' : `${word(dice, 2, 8)}.`;
    names.add(`${below}x${word(dice, 4, 13)}.${ENDINGS[dice.roll(ENDINGS.length)] ?? 'com'}`);
  }
  return [...names];
}

/** A hosts file with a million of them, made when it is asked for first. */
export function millionHostsFile(): string {
  const file = join(tmpdir(), `sluice-bench-million-hosts-${process.getuid?.() ?? 0}.txt`);
  if (existsSync(file)) return file;
  const fresh = `${file}.${process.pid}`;
  writeFileSync(
    fresh,
    `${hostNames(MILLION)
      .map((name) => `0.0.0.0 ${name}`)
      .join('\n')}\n`,
  );
  renameSync(fresh, file);
  return file;
}
