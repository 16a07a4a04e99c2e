// What is to be told about an import. Rule: everything that the new file does not say, or says differently, is told with
// the key that it stood under and the reason; values are not repeated, for they may be secrets.

export type ImportNoteKind =
  /** Not in the new file. */
  | 'lost'
  /** In the new file, but it is not quite the same. */
  | 'changed'
  /** Worth knowing before the first start. */
  | 'hint';

export interface ImportNote {
  readonly kind: ImportNoteKind;
  /** Where it stood; '' = the file as a whole. */
  readonly key: string;
  readonly text: string;
}

export class ImportNotes {
  readonly #notes: ImportNote[] = [];

  add(kind: ImportNoteKind, key: string, text: string): void {
    if (!this.#notes.some((note) => note.key === key && note.text === text)) this.#notes.push({ kind, key, text });
  }

  get list(): readonly ImportNote[] {
    return this.#notes;
  }
}
